"""sinan 司南: one-stop evaluation of large language and multimodal models."""

__version__ = "0.1.0"
