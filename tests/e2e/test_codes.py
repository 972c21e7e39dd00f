"""Codes of every form, level and shape are read by two decoders that know nothing of each other, and measured with a
ruler."""

import os
import pathlib
import re
import subprocess

import pytest
from PIL import Image

DRAW = pathlib.Path(os.environ.get("HUOMA_BIN", "build/asan/huoma")).resolve().parent / "draw_codes"
LINK = "https://q.example.com/spring-run?c="
MM, DPI = 40, 254   # of the forms that have millimetres: 400 pixels, which no symbol's modules divide
FORMS = ("svg", "png", "pdf", "eps")


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """{name: (modules a side, its modules, margin)}, and each as NAME-FORM.png in the folder."""
    folder = tmp_path_factory.mktemp("codes")
    subprocess.run([DRAW, folder], check=True, timeout=60)
    codes = {}
    for i, line in enumerate((folder / "names.txt").read_text().splitlines()):
        name, size, modules = line.split()
        codes[name] = int(size), modules, 4 + i % 3
        os.rename(folder / f"{name}.png", folder / f"{name}-png.png")
        subprocess.run(["rsvg-convert", "-d", str(DPI), "-p", str(DPI), "-o", folder / f"{name}-svg.png",
                        folder / f"{name}.svg"], check=True)
    subprocess.run(["pdftoppm", "-r", str(DPI), "-png", folder / "codes.pdf", folder / "page"], check=True)
    subprocess.run(["gs", "-q", "-dSAFER", "-dBATCH", "-dNOPAUSE", "-dEPSCrop", "-sDEVICE=pnggray",
                    "-dGraphicsAlphaBits=4", f"-r{DPI}",
                    f"-sOutputFile={folder}/eps-%02d.png", *(folder / f"{name}.eps" for name in codes)], check=True)
    for form, pages in (("pdf", sorted(folder.glob("page-*.png"))), ("eps", sorted(folder.glob("eps-*.png")))):
        assert len(pages) == len(codes)
        for name, page in zip(codes, pages):
            os.rename(page, folder / f"{name}-{form}.png")
    return folder, codes


def test_both_decoders_read_every_form_level_and_shape_and_with_a_logo(drawn):
    folder, codes = drawn
    assert {n[0] for n in codes} == set("LMQH") and len(codes) == 4 * 2 + 2
    files = [folder / f"{name}-{form}.png" for name in codes for form in FORMS]
    wanted = [LINK + name for name in codes for _ in FORMS]
    zbar = subprocess.run(["zbarimg", "-q", "--raw", "-Sdisable", "-Sqrcode.enable", *files], check=True, text=True,
                          capture_output=True)
    assert zbar.stdout.split() == wanted
    zxing = subprocess.run(["ZXingReader", "-format", "QRCode", *files], text=True, capture_output=True)
    assert re.findall(r'^Text: +"(.*)"$', zxing.stdout, re.M) == wanted


@pytest.mark.parametrize("form", FORMS)
def test_quiet_zone_and_modules_are_as_large_as_they_should_be(drawn, form):
    """Also where modules are round: their edges reach as far, and the middle of each has its tone, but for those that a
    logo clears."""
    folder, codes = drawn
    for name, (size, modules, margin) in codes.items():
        image = Image.open(folder / f"{name}-{form}.png").convert("L")
        side = image.width if form == "png" else round(MM / 25.4 * DPI)
        assert image.width == image.height and 0 <= image.width - side <= 3   # the box of an EPS is of whole points
        module = side / (size + 2 * margin)
        left, top, right, bottom = image.point(lambda v: 255 * (v < 128)).getbbox()
        for edge, wanted in ((left, margin), (top, margin), (right, margin + size), (bottom, margin + size)):
            assert abs(edge - wanted * module) <= (0 if form == "png" else 1), (name, edge, wanted * module)
        # of the modules that the logo clears: an odd number, a fifth at most
        half = (size - 5) // 10 if "logo" in name else -1
        for i, dark in enumerate(modules):
            x, y = i % size, i // size
            if max(abs(x - size // 2), abs(y - size // 2)) <= half:
                continue
            tone = image.getpixel((int((margin + x + 0.5) * module), int((margin + y + 0.5) * module)))
            assert (tone < 128) == (dark == "1"), (name, x, y)
