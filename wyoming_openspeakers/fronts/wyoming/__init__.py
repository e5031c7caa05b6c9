"""The Wyoming protocol, for Home Assistant and satellites."""
