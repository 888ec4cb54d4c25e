"""The kernels behind the page: this Python, and no module of the folder that they work in."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_core.utils import ensure_async
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from traitlets import Float

__all__ = ["Kernels", "OwnKernel"]

READY_SECONDS = 60
"""Seconds that a kernel may take to start; on a slow network disk it takes half as many."""


class OwnKernel(KernelSpecManager):
    """Knows one kernel, that of the running Python; a kernel that the user has installed may lack this package."""

    def _kernel_dirs_default(self) -> list[str]:
        return []

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """Return the kernel, started so that the current folder never becomes a place to import from."""
        spec = super().get_kernel_spec(kernel_name)
        spec.argv = [*spec.argv, "--InteractiveShellApp.ignore_cwd=True"]
        return spec


class Kernels(AsyncMappingKernelManager):
    """The running kernels.

    A kernel that no page uses ends as Jupyter Server has it, after ``cull_idle_timeout``; one whose page is open, but
    has not been used for long, after ``unused_seconds``.
    """

    unused_seconds = Float(0.0, config=True, help="Seconds after which a kernel whose page is open ends; 0 for never.")

    async def start_kernel(self, *args: Any, **options: Any) -> str:  # type: ignore[override]  # it is asynchronous
        """Start a kernel and wait until it answers: Voila would wait for ever for one that ends while it starts.

        Raises
        ------
        RuntimeError
            If it ends, or does not answer in time.
        """
        kernel_id: str = await super().start_kernel(*args, **options)
        client: Any = self.get_kernel(kernel_id).client()
        client.start_channels()
        try:
            await client.wait_for_ready(timeout=READY_SECONDS)
        except RuntimeError:
            if kernel_id in self:
                await ensure_async(self.shutdown_kernel(kernel_id, now=True))
            raise
        finally:
            client.stop_channels()
        return kernel_id

    async def cull_kernel_if_idle(self, kernel_id: str) -> None:
        """End a kernel that has not been used for long, whether or not its page is open."""
        await super().cull_kernel_if_idle(kernel_id)
        if not self.unused_seconds or kernel_id not in self:
            return
        kernel: Any = self.get_kernel(kernel_id)  # Jupyter Server adds these attributes
        unused = datetime.now(timezone.utc) - kernel.last_activity
        if unused > timedelta(seconds=self.unused_seconds) and kernel.execution_state != "busy":
            await ensure_async(self.shutdown_kernel(kernel_id))
