"""What the commands share: options as flags, and plug-ins by name."""
