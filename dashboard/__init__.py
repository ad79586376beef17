"""What a person sees and touches: one page for each session, of Panel and HoloViews."""
