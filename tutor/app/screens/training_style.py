"""How the training screen looks: wide, everything side by side; narrow, the answers above and one pane below."""

CSS = """
TrainingScreen {
    background: $surface;

    #body { height: 1fr; }
    #left, #right { width: 1fr; }
    #answers, #loss, #embedding, #attention {
        width: 1fr; border: round $panel-lighten-1; border-title-color: $text-muted;
    }
    #loss, #embedding { height: 1fr; }
    #attention { height: 12; }
    &.-at-loss #loss, &.-at-embedding #embedding, &.-at-attention #attention {
        border: round $accent; border-title-color: $text;
    }
    &.-at-loss #loss:nocolor, &.-at-embedding #embedding:nocolor, &.-at-attention #attention:nocolor {
        border: heavy $accent;
    }

    &.-wide TabLine { display: none; }

    &.-narrow {
        #body { layout: vertical; }
        #left { height: auto; }
        #right, #attention { height: 1fr; }
        #loss, #embedding, #attention { display: none; }
        &.-at-loss #left { height: 1fr; }
        &.-at-loss #right { display: none; }
        &.-at-loss #loss, &.-at-embedding #embedding, &.-at-attention #attention { display: block; }
    }
}
"""
