"""How many upsampling steps of published decoders are found, against an independent count."""
