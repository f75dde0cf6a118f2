"""The off-screen renderer: RGB, depth and part labels in one pass, on EGL, without a display."""

from types import TracebackType
from typing import Any, Self

import cv2
import moderngl
import numpy as np
from numpy.typing import NDArray

from sim.anatomy import Anatomy, Mesh, OralCavity, Part
from sim.anatomy.profile import Array
from sim.errors import SimError
from sim.pictures.context import off_screen
from sim.pictures.figure import figure_meshes
from sim.pictures.look import Look
from sim.pictures.material import grain_and_shine, palette
from sim.pictures.shaders import FRAGMENT, SHADOW_FRAGMENT, SHADOW_VERTEX, VERTEX
from sim.pictures.texture import eye_texture, face_texture, noise_texture, vessel_texture
from sim.pictures.view import Picture, Prop, SceneView
from spatial import Pose
from vision.frame import Intrinsics

_NEAR, _FAR = 0.02, 6.0
_SHADOW, _FINE_SHADOW = 384, 2048
_TEXTURE_SEED = 20220901
_NOTHING = Mesh(np.empty((0, 9), np.float32), np.empty((0, 3), np.int32))
_NOBODY = OralCavity(Anatomy())  # its colours and sizes stand in where nobody sits
# the nearest things are drawn first, so that the least is drawn over: props, face, mouth, the rest
_KINDS = (2, 0, 1, 2)
_SCENE = 0  # where the uniform block of the shaders is bound
_SCENE_FLOATS = 48 + 4 * (11 + len(Part))
_MAPS = ("noise_map", "vessel_map", "face_map", "eye_map")


def clip_matrix(intrinsics: Intrinsics) -> Array:
    """Return the matrix (4, 4) from the optical frame to clip space, image rows downwards.

    Pixel (u, v) has its centre at integer coordinates, as in OpenCV.
    """
    k, near, far = intrinsics, _NEAR, _FAR
    w, h = k.width, k.height
    return np.array(
        [
            [2 * k.fx / w, 0.0, (2 * k.cx + 1) / w - 1, 0.0],
            [0.0, 2 * k.fy / h, (2 * k.cy + 1) / h - 1, 0.0],
            [0.0, 0.0, (far + near) / (far - near), -2 * far * near / (far - near)],
            [0.0, 0.0, 1.0, 0.0],
        ]
    )


def _lamp_matrix(lamp: Array, radius: float) -> Array:
    """Return the matrix (4, 4) from the mouth frame to the clip space of the lamp's shadow map."""
    middle = np.array([-0.02, 0.0, 0.0])
    look = middle - lamp
    distance = float(np.linalg.norm(look))
    across = (0.0, 1.0, 0.0) if abs(look[1]) < 0.9 * distance else (0.0, 0.0, 1.0)
    mouth_lamp = Pose.from_axes(look, across, lamp)
    near, far = max(0.01, distance - radius - 0.06), distance + radius + 0.06
    focal = max(distance, 0.06) / radius
    frustum = np.array(
        [
            [focal, 0.0, 0.0, 0.0],
            [0.0, focal, 0.0, 0.0],
            [0.0, 0.0, (far + near) / (far - near), -2 * far * near / (far - near)],
            [0.0, 0.0, 1.0, 0.0],
        ]
    )
    return np.asarray(frustum @ mouth_lamp.inverse().matrix())


class Renderer:
    """Draws views of any size up to its own; one OpenGL context, one thread.

    ``fine`` shadows are for portraits, and slow. Raises SimError where no off-screen OpenGL is to
    be had.
    """

    def __init__(self, width: int, height: int, *, fine: bool = False) -> None:
        try:
            self._gl: Any = off_screen()
        except Exception as error:
            raise SimError(
                f"no off-screen OpenGL ({error}); install libegl1, libgl1 and libgl1-mesa-dri"
            ) from error
        gl = self._gl
        self._size = (width, height)
        self._programs: list[Any] = [
            gl.program(vertex_shader=VERTEX, fragment_shader=FRAGMENT % (kind, 24 if fine else 3))
            for kind in range(3)
        ]
        self._shadow: Any = gl.program(vertex_shader=SHADOW_VERTEX, fragment_shader=SHADOW_FRAGMENT)
        self._colour = gl.texture(self._size, 4)
        self._depth = gl.texture(self._size, 1, dtype="f4")
        self._target = gl.framebuffer(
            [self._colour, self._depth], gl.depth_renderbuffer(self._size)
        )
        self._shadow_map = gl.depth_texture(
            (_FINE_SHADOW, _FINE_SHADOW) if fine else (_SHADOW, _SHADOW)
        )
        self._shadow_map.compare_func = "<="
        self._shadow_map.filter = (moderngl.NEAREST, moderngl.NEAREST)
        self._shadow_map.repeat_x = self._shadow_map.repeat_y = False
        self._shadow_target = gl.framebuffer(depth_attachment=self._shadow_map)
        rng = np.random.default_rng(_TEXTURE_SEED)
        self._textures = [
            self._texture(noise_texture(rng)),
            self._texture(vessel_texture(rng)[..., None]),
            self._texture(face_texture(), repeat=False),
            self._texture(eye_texture(), repeat=False),
        ]
        grain, shine = grain_and_shine()
        constants: dict[str, Any] = {name: unit for unit, name in enumerate((*_MAPS, "shadow_map"))}
        constants |= {"grain": grain.tolist(), "shine": shine.tolist()}
        for program in self._programs:
            program["Scene"].binding = _SCENE
            for name, value in constants.items():
                if name in program:
                    program[name] = value
        self._scene = gl.buffer(reserve=4 * _SCENE_FLOATS)
        self._head: tuple[OralCavity, float, tuple[Mesh, ...]] | None = None
        self._background: tuple[tuple[Look, Intrinsics], NDArray[np.uint8]] | None = None
        self._vertices = gl.buffer(reserve=4)
        self._indices = gl.buffer(reserve=4)
        layout = (self._vertices, "3f 3f 2f 1f", "in_position", "in_normal", "in_uv", "in_part")
        self._arrays = [
            gl.vertex_array(program, [layout], self._indices, skip_errors=True)
            for program in self._programs
        ]
        self._shadow_array = gl.vertex_array(
            self._shadow, [(self._vertices, "3f 24x", "in_position")], self._indices
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Release the OpenGL context and everything on it."""
        self._gl.release()

    def render(self, view: SceneView) -> Picture:
        """Draw a view.

        Raises
        ------
        SimError
            Where the view's picture is larger than the renderer's.
        """
        k = view.intrinsics
        if k.width > self._size[0] or k.height > self._size[1]:
            raise SimError(
                f"view {k.width}x{k.height} is larger than the renderer's "
                f"{self._size[0]}x{self._size[1]}; make a larger renderer"
            )
        mouth_optical = view.optical_mouth.inverse()
        lamp = np.asarray(mouth_optical.apply(view.look.lamp))
        lamp_clip = _lamp_matrix(lamp, view.shadow_radius)
        kinds = self._assemble(view)
        with self._gl:  # makes this renderer's context the current one: others may be open
            ends = self._upload(kinds)
            self._draw_shadow(lamp_clip, ends)
            self._draw_colour(view, mouth_optical, lamp, lamp_clip, ends)
            return self._read(view)

    def _texture(self, image: NDArray[np.uint8], repeat: bool = True) -> Any:  # noqa: ANN401 - moderngl is untyped
        texture = self._gl.texture(
            (image.shape[1], image.shape[0]), image.shape[2], image.tobytes()
        )
        texture.repeat_x = texture.repeat_y = repeat
        texture.build_mipmaps()
        texture.filter = (moderngl.LINEAR_MIPMAP_NEAREST, moderngl.LINEAR)
        return texture

    def _assemble(self, view: SceneView) -> tuple[Mesh, ...]:
        """Return the meshes of the props, the face, the mouth and the rest of the person."""
        props = Mesh.joined([_NOTHING, *(_placed(prop) for prop in view.props)])
        if view.cavity is None:
            return props, _NOTHING, _NOTHING, _NOTHING
        # between two frames a head rarely changes: tessellate each one once
        if self._head is None or self._head[0] is not view.cavity or self._head[1] != view.detail:
            figure = Mesh.joined(figure_meshes(view.cavity, view.detail))
            meshes = (*view.cavity.meshes(view.detail), figure)
            self._head = (view.cavity, view.detail, meshes)
        return props, *self._head[2]

    def _upload(self, kinds: tuple[Mesh, ...]) -> list[int]:
        """Send the meshes to the card; return where in the indices each ends, after a 0."""
        mesh = Mesh.joined(kinds)
        self._vertices.orphan(mesh.buffer.nbytes)
        self._vertices.write(mesh.buffer)
        self._indices.orphan(mesh.faces.nbytes)
        self._indices.write(mesh.faces)
        return [0, *np.cumsum([3 * len(m.faces) for m in kinds]).tolist()]

    def _draw_shadow(self, lamp_clip: Array, ends: list[int]) -> None:
        self._shadow["lamp_clip"].write(_column_major(lamp_clip))
        self._shadow_target.use()
        self._shadow_target.clear(depth=1.0)
        # what faces away from the lamp lies behind what faces it: only the latter casts shadow
        self._gl.enable_only(moderngl.DEPTH_TEST | moderngl.CULL_FACE)
        self._gl.front_face = "ccw"
        if ends[-1]:
            self._shadow_array.render(vertices=ends[-1])

    def _draw_colour(
        self,
        view: SceneView,
        mouth_optical: Pose,
        lamp: Array,
        lamp_clip: Array,
        ends: list[int],
    ) -> None:
        k, look = view.intrinsics, view.look
        head = view.cavity or _NOBODY
        surfaces, a = head.shape.surfaces, head.anatomy
        reach = float(np.linalg.norm(lamp))
        softness = 0.35 * look.lamp_size / max(reach, 0.05)
        white = look.exposure * max(reach, 0.03) ** 2
        room = np.asarray(look.room_direction) / np.linalg.norm(look.room_direction)
        vectors = (
            (surfaces.lip[0], surfaces.lip[1], surfaces.wall[0], 0.0008 + 0.2 * softness),
            (look.wetness, look.bumps, look.vessels, look.bounce),
            (a.exudate, a.wall_cobbles, a.beard, a.saliva),
            (a.tongue_coat, a.hair_tone, a.age / 100.0, a.mucosa_pigment),
            (1.0 / look.gamma, look.saturation, softness, surfaces.face[9]),
            mouth_optical.translation,
            lamp,
            white * np.asarray(look.lamp_colour),
            look.exposure * look.room * np.asarray(look.room_colour),
            room,
            look.texture_offset,
            *(palette(a, look) * np.asarray(look.hue)),
        )
        matrices = (
            clip_matrix(k) @ view.optical_mouth.matrix(),
            view.optical_mouth.matrix(),
            lamp_clip,
        )
        packed = np.zeros(_SCENE_FLOATS, np.float32)
        packed[:48] = np.concatenate([matrix.T.ravel() for matrix in matrices])
        for row, values in zip(packed[48:].reshape(-1, 4), vectors, strict=True):
            row[: len(values)] = values
        self._scene.write(packed)
        self._scene.bind_to_uniform_block(_SCENE)
        for unit, texture in enumerate((*self._textures, self._shadow_map)):
            texture.use(unit)
        self._target.use()
        self._target.viewport = (0, 0, k.width, k.height)
        self._target.clear()
        self._gl.front_face = "cw"  # the picture's rows run downwards, which mirrors windings
        for kind, first, last in zip(_KINDS, ends[:-1], ends[1:], strict=True):
            if last > first:
                self._arrays[kind].render(vertices=last - first, first=first)

    def _read(self, view: SceneView) -> Picture:
        k = view.intrinsics
        box = (0, 0, k.width, k.height)
        colour = np.frombuffer(
            self._target.read(box, components=4, attachment=0), np.uint8
        ).reshape(k.height, k.width, 4)
        depth = np.frombuffer(
            self._target.read(box, components=1, attachment=1, dtype="f4"), np.float32
        ).reshape(k.height, k.width)
        labels = np.asarray(cv2.extractChannel(colour, 3), np.uint8)
        rgb = np.asarray(cv2.cvtColor(colour, cv2.COLOR_RGBA2RGB), np.uint8)
        empty = labels == Part.BACKGROUND
        cv2.copyTo(self._room(view.look, k), empty.view(np.uint8), rgb)
        depth = np.where(empty, np.float32(view.look.background_depth), depth)
        return Picture(rgb, depth, labels, k)

    def _room(self, look: Look, k: Intrinsics) -> NDArray[np.uint8]:
        key = (look, k)
        if self._background is None or self._background[0] != key:
            self._background = (key, _background(look, k))
        return self._background[1]


def _column_major(matrix: Array) -> bytes:
    return np.ascontiguousarray(matrix.T, dtype=np.float32).tobytes()


def _background(look: Look, k: Intrinsics) -> NDArray[np.uint8]:
    """Return a blurred, cluttered room (H, W, 3)."""
    rng = np.random.default_rng(look.background_seed)
    coarse = rng.normal(0.0, 1.0, (5, 7, 3)) * 0.5 + rng.normal(0.0, 1.0, (5, 7, 1))
    light = np.clip(np.asarray(look.background) * (1.0 + 0.5 * look.clutter * coarse), 0.0, 1.0)
    light *= min(look.exposure, 1.2) * (0.35 + 0.5 * look.room)
    shown = np.asarray(255.0 * np.clip(light, 0.0, 1.0) ** (1.0 / look.gamma), dtype=np.uint8)
    return np.asarray(cv2.resize(shown, (k.width, k.height), interpolation=cv2.INTER_CUBIC))


def _placed(prop: Prop) -> Mesh:
    """Return a prop's mesh in the mouth frame."""
    rotation = prop.mouth_prop.rotation.astype(np.float32)
    buffer = prop.mesh.buffer.copy()
    buffer[:, :3] = prop.mesh.vertices @ rotation.T + prop.mouth_prop.translation.astype(np.float32)
    buffer[:, 3:6] = prop.mesh.normals @ rotation.T
    return Mesh(buffer, prop.mesh.faces)


def look_at(eye: tuple[float, float, float], target: tuple[float, float, float]) -> Pose:
    """Return ``optical_mouth`` of a camera at ``eye`` that looks at ``target`` (mouth frame)."""
    forward = np.asarray(target) - np.asarray(eye)
    right = np.cross(forward, (0.0, 0.0, 1.0))
    return Pose.from_axes(forward, right, eye).inverse()


__all__ = ["Renderer", "clip_matrix", "look_at"]
