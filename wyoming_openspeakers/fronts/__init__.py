"""The ways in: Wyoming, HTTP and MQTT. No front knows an engine."""
