import argparse

import pytest

from face3d.batch.print_options import add_print_options, print_settings
from face3d.geometry.settings import ModelSettings


def settings_of(*arguments):
    parser = argparse.ArgumentParser()
    add_print_options(parser)
    return ModelSettings(**print_settings(parser.parse_args(arguments)))


def test_without_options_nothing_is_changed():
    assert settings_of() == ModelSettings()


@pytest.mark.parametrize(
    ("arguments", "changed"),
    [
        (["--height-mm", "120"], {"height_mm": 120}),
        (["--size", "keychain"], {"height_mm": 40}),
        (["--size", "figure"], {"height_mm": 100}),
        (["--size", "bed-220"], {"longest_mm": 210}),
        (["--size", "bed-256", "--plaque-depth", "5"], {"longest_mm": 246, "plaque_depth_mm": 5}),
        (["--lithophane-shape", "cylinder"], {"lithophane_shape": "cylinder"}),
        (["--hollow", "2", "--base", "round"], {"wall_mm": 2, "base": "round"}),
        (["--plaque-base", "2", "--plaque-frame", "0"], {"plaque_base_mm": 2, "plaque_frame_mm": 0}),
        (
            ["--lithophane-thin", "1", "--lithophane-gamma", "2", "--lithophane-frame", "0"],
            {"lithophane_thin_mm": 1, "lithophane_gamma": 2, "lithophane_frame_mm": 0},
        ),
    ],
)
def test_each_option_is_a_setting(arguments, changed):
    assert settings_of(*arguments) == ModelSettings(**changed)


def test_a_size_by_name_and_a_height_exclude_each_other(capsys):
    with pytest.raises(SystemExit):
        settings_of("--size", "figure", "--height-mm", "50")
    assert "not allowed with" in capsys.readouterr().err
