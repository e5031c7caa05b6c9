"""From a request to audio: text made speakable, cut into segments, spoken ahead of the listener, evened out."""
