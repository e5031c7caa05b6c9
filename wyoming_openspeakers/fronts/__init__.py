"""The ways in: Wyoming, HTTP, MQTT and the command line. No front knows an engine."""
