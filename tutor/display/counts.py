"""Words for the count of a model's weights: `count.encoder.0.total` and its kin."""

from tutor.display.language import N_
from tutor.engine.counting import PREFIX as COUNT

__all__ = ["ABOUT_COUNT", "COUNT", "COUNT_PARTS", "COUNT_TITLES", "OF_COUNT"]

COUNT_TITLES = {
    "sizes": N_("rows and columns of each weight"),
    "each": N_("numbers in each weight"),
    "total": N_("numbers in all"),
}
COUNT_PARTS = {"embeddings": N_("embeddings"), "rest": N_("the rest")}
ABOUT_COUNT = {
    "sizes": N_("The shape of every weight of this part. A vector is one row."),
    "each": N_("Rows times columns: so many numbers were learned."),
    "total": N_("All the numbers that training sets here. The sentence has no part in it."),
}
OF_COUNT = {
    "row_product": N_("Its rows times its columns."),
    "total": N_("What each weight holds, added up."),
}
