"""How long pictures take: mobjects against plain manim, scenes against their encoder, and how memory grows."""
