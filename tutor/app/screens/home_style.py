"""How the home screen is laid out: beside each other where there is room, below each other where not."""

HOME_CSS = """
HomeScreen {
    align-horizontal: center;
    #page { height: 1fr; width: 100%; max-width: 136; padding: 0 2; }
    #what { height: auto; }
    #sentence, #sentence:focus {
        height: 3; border: round $foreground 25%; padding: 0 1; background: transparent;
        background-tint: $background 0%; border-title-color: $text-muted; border-title-style: none;
    }
    #sentence:focus { border: round $accent; border-title-color: $text-accent; }
    #body { height: 1fr; layout: vertical; }
    #course { height: 1fr; width: 100%; }
    #search, #search:focus {
        display: none; height: 1; border: none; padding: 0 1; margin: 0 0 1 0; background: $boost;
        background-tint: $background 0%;
    }
    &.-searching #search { display: block; }
    #about { height: auto; border-top: solid $panel; }
    #lesson { max-height: 2; }
    #model { max-height: 1; }
    #keys { height: auto; dock: bottom; }

    &.-wide {
        #page { padding: 1 3 0 3; }
        #what { margin: 0 0 1 0; }
        #body { layout: horizontal; margin: 1 0 0 0; }
        #course { width: 3fr; }
        #about {
            width: 2fr; max-height: 100%; margin: 0 0 0 3; padding: 0 1 0 3; border-top: none;
            border-left: solid $panel;
        }
        #lesson { max-height: 100h; }
        #model { max-height: 100h; margin: 2 0 0 0; }
    }
    &.-low {
        #what { display: none; }
        #lesson { max-height: 1; }
    }
    &.-narrow.-tall {
        #page { padding: 1 2 0 2; }
        #course { margin: 1 0; }
        #lesson { max-height: 6; }
        #model { max-height: 6; margin: 1 0 0 0; }
    }
}
"""
