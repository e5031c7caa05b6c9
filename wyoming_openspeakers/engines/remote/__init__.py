"""Speech from other servers: addresses, connections that can be cancelled, their audio and their lists of voices."""
