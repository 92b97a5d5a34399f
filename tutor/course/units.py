"""The units of the curriculum, by number."""

from tutor.course.schema_parts import Text

UNITS: dict[int, Text] = {
    0: Text("Orientation", "总览"),
    1: Text("By hand", "动手算"),
    2: Text("From text to vectors", "从文字到向量"),
    3: Text("Attention", "注意力"),
    4: Text("The block", "Transformer 块"),
    5: Text("Decoder and generation", "解码器与生成"),
    6: Text("Training", "训练"),
    7: Text("The family", "模型家族"),
    8: Text("The interview", "面试"),
}


def unit_title(number: int) -> Text:
    """The title of a unit; units beyond the curriculum are named by their number."""
    return UNITS.get(number, Text(f"Unit {number}", f"第 {number} 单元"))
