"""The kernels behind the page: this Python, and no module of the folder that they work in."""

from __future__ import annotations

from jupyter_client.kernelspec import KernelSpec, KernelSpecManager

__all__ = ["OwnKernel"]


class OwnKernel(KernelSpecManager):
    """Knows one kernel, that of the running Python; a kernel that the user has installed may lack this package."""

    def _kernel_dirs_default(self) -> list[str]:
        return []

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """Return the kernel, started so that the current folder never becomes a place to import from."""
        spec = super().get_kernel_spec(kernel_name)
        spec.argv = [*spec.argv, "--InteractiveShellApp.ignore_cwd=True"]
        return spec
