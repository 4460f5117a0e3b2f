"""What a person sees: the Textual app. The only room that imports Textual."""
