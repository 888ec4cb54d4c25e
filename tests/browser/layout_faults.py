"""Find what is cut off or drawn over something else in the panels of a page."""

from __future__ import annotations

from playwright.sync_api import Page

FIND = """() => {
    const CONTROLS = '.widget-html, .jupyter-widget-html, .widget-button, .widget-toggle-button, .widget-dropdown, '
        + '.widget-text, .widget-checkbox, .widget-hslider, .cnb-tile, .bqplot';
    const shown = element => element.checkVisibility({visibilityProperty: true, opacityProperty: true})
        && !element.closest('.cnb-unseen, .cnb-sheet');
    const clipped = element => {
        for (let box = element.parentElement; box && !box.matches('.cnb'); box = box.parentElement)
            if (!['visible', ''].includes(getComputedStyle(box).overflow)) return true;
        return false;
    };
    const drawn = element => {  // where its content is, which may exceed its box
        const range = document.createRange();
        range.selectNodeContents(element);
        const text = range.getBoundingClientRect(), box = element.getBoundingClientRect();
        const folded = element.querySelector('details:not([open])');
        const scrolls = [...element.querySelectorAll('*')].some(one => ['X', 'Y'].some(
            (axis, i) => getComputedStyle(one)[`overflow${axis}`] === 'auto'
                && (i ? one.scrollHeight > one.clientHeight + 1 : one.scrollWidth > one.clientWidth + 1)));
        if (folded || scrolls || !element.matches('.widget-html, .jupyter-widget-html')) return box;
        return text.width && text.height ? text : box;
    };
    const named = element => (element.title || element.textContent || element.className).trim().slice(0, 50);
    const found = [];
    for (const panel of document.querySelectorAll('.cnb')) {
        if (!shown(panel)) continue;
        const edge = panel.getBoundingClientRect();
        const leaves = [...panel.querySelectorAll(CONTROLS)].filter(one => shown(one) && !clipped(one)
            && !one.querySelector('.jupyter-widgets') && one.closest('.cnb') === panel);
        const boxes = leaves.map(drawn);
        leaves.forEach((one, i) => {
            const a = boxes[i];
            if (a.width < 1 || a.height < 1) return;
            if (a.right > edge.right + 1) found.push(`sticks out: ${named(one)}`);
            for (let j = i + 1; j < leaves.length; j++) {
                const b = boxes[j];
                if (one.contains(leaves[j]) || leaves[j].contains(one)) continue;
                const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
                const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
                if (across > 2 && down > 2) found.push(`overlap: ${named(one)} | ${named(leaves[j])}`);
            }
        });
        for (const one of panel.querySelectorAll('.cnb-tile, .cnb-tile > *, .jupyter-button'))
            if (shown(one) && one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).display !== 'inline')
                found.push(`cut off: ${named(one)}`);
    }
    return [...new Set(found)];
}"""


def layout_faults(page: Page) -> list[str]:
    """Return in words what overlaps, is cut off or sticks out of its panel; empty if nothing does."""
    found: list[str] = page.evaluate(FIND)
    return found
