"""Words for series of numbers, their tokens and forecasts, and for choosing among answers."""

from tutor.display.language import N_

SERIES_PARTS = {
    "series": N_("series"),
    "forecast": N_("forecast"),
    "multiple_choice": N_("choice of an answer"),
}
SERIES_TITLES = {
    "series": N_("series"),
    "series.tokens": N_("tokens of the series"),
    "series.mean": N_("mean"),
    "series.deviation": N_("deviation"),
    "centred": N_("less the mean"),
    "series.normalised": N_("normalised"),
    "series.histories": N_("a row for each variable"),
    "series.patches": N_("a row for each patch"),
    "embedding.value": N_("map to a token"),
    "embedding.place": N_("number of the place"),
    "forecast": N_("forecast"),
    "forecast.rows": N_("what belongs together, in one row"),
    "forecast.each": N_("next steps, by variable"),
    "forecast.normalised": N_("forecast, normalised"),
    "forecast.scaled": N_("times the deviation"),
    "forecast.targets": N_("what came"),
    "targets.normalised": N_("what came, normalised"),
    "forecast.errors": N_("errors"),
    "forecast.losses": N_("squared errors"),
    "multiple_choice.each": N_("score of each answer"),
}
ABOUT_SERIES = {
    "series": N_("The numbers as they came: a row for each time step, a column for each variable."),
    "series.tokens": N_("The tokens are numbered; what each is made of is the choice of the model."),
    "series.mean": N_("The mean of each variable, measured before training and kept with the model."),
    "series.deviation": N_("How far each variable strays from its mean, measured before training and kept."),
    "centred": N_("Each number less the mean of its variable."),
    "series.normalised": N_("In deviations from the mean: now degrees and kilowatts can be added."),
    "series.histories": N_("Rows and columns changed places: the whole past of a variable is one row."),
    "series.patches": N_("Each variable's past, cut into patches of a few steps."),
    "embedding.place": N_("Where each token stands in its own part; every part begins anew."),
    "forecast": N_("The next steps of each variable, in its own unit."),
    "forecast.rows": N_("The tokens from which one forecast is made, side by side."),
    "forecast.each": N_("One linear map from what the blocks made to the next steps."),
    "forecast.normalised": N_("The next steps in deviations from the mean: what the model is trained on."),
    "forecast.scaled": N_("Back towards the unit of the variable: times its deviation; its mean is added next."),
    "forecast.targets": N_("What really came after the series."),
    "targets.normalised": N_("What came, in deviations from the mean."),
    "forecast.errors": N_("Forecast less what came."),
    "forecast.losses": N_("The errors times themselves: large ones weigh more."),
    "multiple_choice.each": N_("One score for every pair of question and answer, read off its first position."),
    "multiple_choice.logits": N_("The scores of all answers in one row."),
    "multiple_choice.probabilities": N_("The scores as shares of 1: which answer it would choose."),
}
ABOUT_TOKEN_OF_NUMBERS = N_("Each row of numbers through one linear map: the token's vector.")
SERIES_AXES = {
    "step": N_("time step"),
    "variable": N_("variable"),
    "all": N_("all"),
    "choice": N_("choice"),
}
OF_SERIES = {
    "subtract": N_("One number taken from another."),
    "divide": N_("Divided by the deviation: how many deviations it lies from the mean."),
    "refold": N_("The same number; rows were only cut, or put side by side."),
}
