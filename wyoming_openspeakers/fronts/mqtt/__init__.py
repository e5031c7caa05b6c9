"""MQTT: tells the house what its voice is doing, and takes commands."""
