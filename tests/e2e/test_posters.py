"""Every template on every paper is read by two decoders that know nothing of each other; text in a PDF stays text."""

import os
import pathlib
import re
import subprocess

import pytest
from PIL import Image

DRAW = pathlib.Path(os.environ.get("HUOMA_BIN", "build/asan/huoma")).resolve().parent / "draw_posters"
TEMPLATES = {
    "poster": ("a4", "a5", "letter", "a3", "a2"), "flyer": ("a5", "a6", "a4"), "card": ("a6", "a5"),
    "sticker": ("60mm", "40mm", "50mm", "80mm", "100mm"),
    "banner": ("800x2000", "600x1600", "850x2000", "1000x2000", "1200x2000"), "moments": ("1080x1920",),
}
# as the pages of posters.pdf
NAMES = [f"{template}-{paper}" for template, papers in TEMPLATES.items() for paper in papers]
LINK = "https://q.example.com/spring-run?c="


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    folder = tmp_path_factory.mktemp("posters")
    subprocess.run([DRAW, folder], check=True, timeout=60)
    return folder


def zbar(files):
    return subprocess.run(["zbarimg", "-q", "--raw", "-Sdisable", "-Sqrcode.enable", *files], check=True, text=True,
                          capture_output=True).stdout.split()


def zxing(files):
    out = subprocess.run(["ZXingReader", "-format", "QRCode", *files], text=True, capture_output=True).stdout
    return re.findall(r'^Text: +"(.*)"$', out, re.M)


def pages(pdf, *size):
    subprocess.run(["pdftoppm", "-png", *size, pdf, pdf.with_suffix("")], check=True)
    return sorted(pdf.parent.glob(pdf.stem + "-*.png"))


def test_both_decoders_read_every_template_on_every_paper(drawn):
    files = [drawn / f"{name}.png" for name in NAMES]
    wanted = sorted(LINK + name for name in NAMES)
    assert sorted(f.name for f in drawn.glob("*-*.png")) == sorted(f.name for f in files)
    assert sorted(zbar(files)) == wanted
    assert sorted(zxing(files)) == wanted


def test_both_decoders_read_what_is_printed_from_the_pdf(drawn):
    printed = pages(drawn / "posters.pdf", "-scale-to", "1600")
    assert len(printed) == len(NAMES)
    assert zxing(printed) == [LINK + name for name in NAMES]
    assert sorted(zbar(printed)) == sorted(LINK + name for name in NAMES)


def test_text_in_a_pdf_can_be_searched(drawn):
    text = subprocess.run(["pdftotext", "-layout", drawn / "posters.pdf", "-"], check=True, text=True,
                          capture_output=True).stdout.split("\f")
    for page, name in zip(text, NAMES, strict=False):   # a form feed ends the last page too
        assert any(title in page for title in ("春季跑步群", "Running club")) and "南门店" in page, name
        assert any(step in page for step in ("打开微信，扫一扫", "Scan with WeChat", "Scan with your camera")), name
        assert ("q.example.com/spring-run" in page) == (not name.startswith("sticker")), name


def test_codes_in_a_pdf_are_vectors_and_fonts_are_embedded(drawn):
    images = subprocess.run(["pdfimages", "-list", drawn / "sheet.pdf"], check=True, text=True,
                            capture_output=True).stdout.splitlines()
    assert len(images) == 2   # the heading only
    fonts = subprocess.run(["pdffonts", drawn / "posters.pdf"], check=True, text=True, capture_output=True).stdout
    rows = fonts.splitlines()[2:]
    assert rows and all("NotoSansCJK" in row and re.search(r" yes yes yes ", row) for row in rows)


def test_a_sheet_has_each_channel_once_in_order(drawn):
    printed = pages(drawn / "sheet.pdf", "-r", "150")
    assert len(printed) == 2
    cells = []   # zxing reads one code an image: each of the three by four cells by itself
    for page in map(Image.open, printed):
        for row in range(4):
            for column in range(3):
                box = [(11 + 64 * column) * 150 / 25.4, (22.5 + 64 * row) * 150 / 25.4]
                cells.append(drawn / f"cell{len(cells):02}.png")
                page.crop([round(v) for v in box + [v + 60 * 150 / 25.4 for v in box]]).save(cells[-1])
    wanted = [f"{LINK}shop-{n}" for n in range(1, 15)]
    assert zxing(cells) == wanted
    assert sorted(zbar(printed)) == sorted(wanted)


ODD_FONTS = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>
<include>/etc/fonts/fonts.conf</include>
<match target="pattern"><edit name="dpi" mode="assign" binding="strong"><double>200</double></edit></match>
<match target="font">
<edit name="antialias" mode="assign" binding="strong"><bool>false</bool></edit>
<edit name="hinting" mode="assign" binding="strong"><bool>true</bool></edit>
<edit name="hintstyle" mode="assign" binding="strong"><const>hintfull</const></edit>
<edit name="rgba" mode="assign" binding="strong"><const>rgb</const></edit>
</match></fontconfig>"""


def test_the_screen_of_whoever_draws_changes_nothing(drawn, tmp_path):
    (tmp_path / "fonts.conf").write_text(ODD_FONTS)
    subprocess.run([DRAW, tmp_path], check=True, timeout=60,
                   env={**os.environ, "FONTCONFIG_FILE": str(tmp_path / "fonts.conf"), "LANG": "ja_JP.UTF-8",
                        "PANGO_LANGUAGE": "ja"})
    for name in ("poster-a4.png", "card-a6.png", "sticker-60mm.png", "moments-1080x1920.png"):
        assert (tmp_path / name).read_bytes() == (drawn / name).read_bytes(), name


def test_without_its_font_it_says_which_package_brings_it(tmp_path):
    (tmp_path / "fonts.conf").write_text('<?xml version="1.0"?><fontconfig><cachedir>/tmp</cachedir></fontconfig>')
    out = subprocess.run([DRAW, tmp_path], env={**os.environ, "FONTCONFIG_FILE": str(tmp_path / "fonts.conf")},
                         text=True,
                         capture_output=True)
    assert out.returncode == 1 and "Noto Sans CJK SC isn't installed" in out.stderr and "fonts-noto-cjk" in out.stderr
