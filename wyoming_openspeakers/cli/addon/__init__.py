"""The service as a Home Assistant add-on: its options, the Supervisor, and how it is started there."""
