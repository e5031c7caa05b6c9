"""The surface of OpenAI's speech service."""
