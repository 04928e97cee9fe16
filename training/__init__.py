"""The recipe of the embedded model: recordings and synthetic speech in, a Vosk model directory out."""
