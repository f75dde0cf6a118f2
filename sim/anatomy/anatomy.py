"""A person's fixed anatomy: lengths, angles and tones, bounded; drawn from a population."""

from dataclasses import dataclass

from sim.anatomy.bounded import bounded, check_bounds


@dataclass(frozen=True, slots=True)
class Anatomy:
    """The shape and colour of one head, mouth and throat.

    Lengths [m], angles [rad], tones and shares in [0, 1]. Sources of the distributions stand in
    the population files. ``teeth_missing`` has one bit for each of 28 teeth, upper right molar
    first. ``tonsil_right`` and ``tonsil_left`` are grades 0 to 4 (Brodsky 1989): the share of the
    isthmus taken by both tonsils is below 25, 50, 75 and 100 %; grade 0 is a removed tonsil.
    """

    opening_max: float = bounded(0.052, 0.020, 0.075, "m between the incisors")
    mouth_width: float = bounded(0.050, 0.032, 0.068, "m between the lip corners")
    lip_thickness: float = bounded(0.0055, 0.003, 0.009, "m")
    hard_palate: float = bounded(0.0449, 0.030, 0.060, "m")
    soft_palate: float = bounded(0.0344, 0.020, 0.050, "m, uvula included")
    palate_angle: float = bounded(2.269, 1.75, 2.80, "rad between hard and soft palate")
    palate_vault: float = bounded(0.014, 0.006, 0.024, "m above the gums")
    arch_width: float = bounded(0.056, 0.042, 0.066, "m between the outer faces of the molars")
    isthmus_width: float = bounded(0.028, 0.018, 0.038, "m between the anterior arches")
    wall_depth: float = bounded(0.085, 0.065, 0.110, "m from incisors to posterior wall")
    wall_curvature: float = bounded(0.05, 0.025, 0.12, "m radius of the posterior wall")
    wall_cobbles: float = bounded(0.2, 0.0, 1.0, "share of the wall covered by follicles")
    uvula_length: float = bounded(0.012, 0.004, 0.022, "m")
    uvula_radius: float = bounded(0.0038, 0.002, 0.007, "m")
    uvula_sway: float = bounded(0.0, -0.5, 0.5, "rad to the person's left")
    tonsil_right: float = bounded(1.5, 0.0, 4.0, "grade")
    tonsil_left: float = bounded(1.5, 0.0, 4.0, "grade")
    tonsil_height: float = bounded(0.018, 0.010, 0.030, "m")
    tonsil_depth: float = bounded(0.014, 0.008, 0.024, "m")
    tongue_width: float = bounded(0.047, 0.030, 0.060, "m")
    tongue_rest: float = bounded(0.15, 0.0, 0.8, "share of the way from the floor to the velum")
    tongue_groove: float = bounded(0.0025, 0.0, 0.006, "m")
    crown_height: float = bounded(0.009, 0.004, 0.012, "m of a tooth above the gum")
    teeth_missing: int = 0
    teeth_metal: int = 0
    face_width: float = bounded(0.142, 0.105, 0.170, "m")
    face_height: float = bounded(0.215, 0.150, 0.250, "m from chin to crown, mouth closed")
    nose_length: float = bounded(0.020, 0.008, 0.032, "m ahead of the upper lip")
    skin_tone: float = bounded(0.35, 0.0, 1.0, "0 pale to 1 dark")
    mucosa_redness: float = bounded(0.4, 0.0, 1.0, "0 pale to 1 inflamed")
    mucosa_pigment: float = bounded(0.1, 0.0, 1.0, "share")
    exudate: float = bounded(0.0, 0.0, 1.0, "share of the tonsils under exudate")
    saliva: float = bounded(0.5, 0.0, 1.0, "share of wet shine")
    tongue_coat: float = bounded(0.4, 0.0, 1.0, "share of white coat on the tongue")
    beard: float = bounded(0.0, 0.0, 1.0, "density")
    hair_tone: float = bounded(0.1, 0.0, 1.0, "0 black to 1 white")
    age: float = bounded(35.0, 3.0, 100.0, "years")
    glasses: bool = False
    mask: bool = False
    group: str = "adult"
    texture_seed: int = 0

    def __post_init__(self) -> None:
        check_bounds(self)
