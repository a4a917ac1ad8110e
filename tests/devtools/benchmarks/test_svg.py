from xml.etree import ElementTree as ET

from devtools.benchmarks.results import Curve
from devtools.benchmarks.svg import Chart, draw

SVG = "{http://www.w3.org/2000/svg}"


def drawn(chart: Chart) -> ET.Element:
    return ET.fromstring(draw(chart))  # noqa: S314 - made a line above


def chart(*curves: Curve, logarithmic: bool = False) -> Chart:
    return Chart("How late", "seconds", "%", curves, logarithmic=logarithmic, least_x=0.001 if logarithmic else 0)


def test_every_curve_is_a_line_with_its_name() -> None:
    picture = drawn(chart(Curve(name="a <b>", points=((0, 0), (1, 50))), Curve(name="c", points=((2, 100),))))
    lines = picture.findall(f"{SVG}polyline")
    assert [len(line.attrib["points"].split()) for line in lines] == [2, 1]
    assert {"a <b>", "c", "How late", "seconds", "%"} <= {text.text for text in picture.iter(f"{SVG}text")}


def test_points_lie_within_the_picture_and_keep_their_order() -> None:
    picture = drawn(chart(Curve(name="a", points=((1, 0), (20, 50), (300, 100)))))
    points = picture.findall(f"{SVG}polyline")[0].attrib["points"].split()
    xs, ys = zip(*([float(each) for each in point.split(",")] for point in points), strict=True)
    assert list(xs) == sorted(xs)
    assert list(ys) == sorted(ys, reverse=True)
    assert min(xs) >= 0
    assert min(ys) >= 0


def test_a_logarithmic_scale_takes_zero_and_early_as_its_beginning() -> None:
    picture = drawn(chart(Curve(name="a", points=((-0.2, 10), (0, 50), (0.001, 60), (10, 100))), logarithmic=True))
    points = picture.findall(f"{SVG}polyline")[0].attrib["points"].split()
    assert len({point.split(",")[0] for point in points[:3]}) == 1
    assert float(points[3].split(",")[0]) > float(points[2].split(",")[0])


def test_a_chart_without_points_is_still_a_picture() -> None:
    assert drawn(chart(Curve(name="a", points=()))).tag == f"{SVG}svg"
