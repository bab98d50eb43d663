"""Survey design and microdata processing for migration."""

__version__ = "0.1.0"
