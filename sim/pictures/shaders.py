"""The GLSL of the renderer: one pass for the lamp's shadow, one for colour, depth and parts."""

SCENE = """
#version 330
layout(std140) uniform Scene {
    mat4 clip_mouth;
    mat4 optical_mouth;
    mat4 lamp_clip;
    vec4 aperture;        // half width, half height of the lips; depth of the wall; shadow offset
    vec4 surface;         // wetness, bumps, vessels, bounce
    vec4 person;          // exudate, cobbles, beard, saliva
    vec4 person2;         // coat of the tongue, hair tone, age share, pigment
    vec4 finish;          // 1 / gamma, saturation, lamp radius share, face scale
    vec3 eye;             // camera in the mouth frame
    vec3 lamp;            // lamp in the mouth frame
    vec3 lamp_colour;     // already scaled by exposure and by squared distance to the mouth
    vec3 room_colour;
    vec3 room_direction;
    vec3 offset;          // of the textures, in its first two
    vec3 palette[28];     // linear colour of each part
};
"""

SHADOW_VERTEX = """
#version 330
uniform mat4 lamp_clip;
in vec3 in_position;
void main() { gl_Position = lamp_clip * vec4(in_position, 1.0); }
"""

SHADOW_FRAGMENT = """
#version 330
void main() {}
"""

VERTEX = (
    SCENE
    + """
uniform vec4 grain[28];  // noise scale, coarse and fine shading, vessels
uniform vec4 shine[28];  // gloss, sharpness, coarse and fine relief
in vec3 in_position;
in vec3 in_normal;
in vec2 in_uv;
in float in_part;
out vec3 p_mouth;
out vec3 tint;           // interpolated: tissues pass into each other without an edge
out vec3 normal_mouth;
out vec2 uv;
out vec4 p_lamp;
out float depth;
out vec2 cave;           // share of the mouth's aperture seen; how deep inside
flat out int part;
flat out vec4 part_grain;  // looked up here: llvmpipe indexes an array pixel by pixel
flat out vec4 part_shine;
void main() {
    vec4 p = vec4(in_position, 1.0);
    gl_Position = clip_mouth * p;
    depth = (optical_mouth * p).z;
    p_mouth = in_position;
    normal_mouth = in_normal;
    uv = in_uv;
    p_lamp = lamp_clip * vec4(in_position + aperture.w * in_normal, 1.0);
    part = int(in_part + 0.5);
    part_grain = grain[part];
    part_shine = shine[part];
    tint = palette[part];
    float inner = 0.0;
    if (part >= 3 && part <= 15) inner = smoothstep(0.006, -0.012, in_position.x);
    // form factor of an ellipse seen from a point on its axis, with a floor for sideways light
    vec3 out_dir = vec3(0.004, 0.0, 0.0) - in_position;
    float d2 = dot(out_dir, out_dir);
    float area = 3.1416 * aperture.x * aperture.y;
    float facing = 0.35 + 0.65 * max(dot(normalize(out_dir), in_normal), 0.0);
    float seen = facing * 2.2 * area / (2.2 * area + 3.1416 * d2);
    cave = vec2(mix(1.0, seen, inner), inner * smoothstep(0.0, aperture.z, -in_position.x));
}
"""
)

FRAGMENT = (
    SCENE
    + """
// KIND 0: the face's skin; 1: lips, mouth and throat; 2: everything else. llvmpipe evaluates every
// branch of a shader, so each kind is a program of its own and samples only what it needs.
#define KIND %d
#define TAPS %d              // of the shadow's edge
uniform sampler2D noise_map;
uniform sampler2DShadow shadow_map;
#if KIND == 0
uniform sampler2D face_map;  // hair of the brow, redness, darkness, beard
uniform sampler2D eye_map;   // colour of the eyes, and where they are
#elif KIND == 1
uniform sampler2D vessel_map;
#endif
in vec3 p_mouth;
in vec3 tint;
in vec3 normal_mouth;
in vec2 uv;
in vec4 p_lamp;
in float depth;
in vec2 cave;
flat in int part;
flat in vec4 part_grain;
flat in vec4 part_shine;
layout(location = 0) out vec4 out_colour;
layout(location = 1) out float out_depth;

float lit(float grazing) {
    vec3 q = p_lamp.xyz / p_lamp.w * 0.5 + 0.5;
    float r = finish.z;
    q.z -= 0.003 * (1.0 + 2.0 * grazing);
    float s = 0.0;
    for (int i = 0; i < TAPS; ++i) {  // a sunflower: evenly over the lamp's disc (Vogel 1979)
        float a = 2.39996 * float(i);
        float away = r * sqrt((float(i) + 0.5) / float(TAPS));
        s += texture(shadow_map, q + away * vec3(cos(a), sin(a), 0.0));
    }
    bool outside = p_lamp.w <= 0.0 || min(q.x, q.y) < 0.01 || max(q.x, q.y) > 0.99;
    return outside ? 1.0 : s / float(TAPS);
}

void main() {
    int label = part;
    vec3 n = normalize(normal_mouth);
    vec3 to_eye = normalize(eye - p_mouth);
    n = faceforward(n, -to_eye, n);
    vec4 g = part_grain;
    vec4 m = part_shine;
#if KIND != 1
    vec2 t = p_mouth.yz + vec2(0.6, 0.4) * p_mouth.x + offset.xy;
#else
    vec2 t = uv + offset.xy;
#endif
    vec4 n1 = texture(noise_map, t * g.x);
#if KIND == 2
    vec4 n2 = n1.wzyx;
#else
    vec4 n2 = texture(noise_map, t * (4.3 * g.x) + 0.37);
#endif
    vec3 colour = tint;
    colour *= 1.0 + g.y * (n1.g - 0.5) + 0.6 * g.y * (n1.r - 0.5) + g.z * (n2.b - 0.5);
    float relief = m.z * (0.8 * n1.g + 0.3 * n1.b) + m.w * n2.g;
    float gloss = m.x, sharp = m.y;
    vec3 soft = vec3(0.1);

#if KIND == 0
    vec2 f = vec2(abs(uv.x), uv.y) / (0.12 * finish.w);
    vec4 paint = texture(face_map, f * vec2(1.0, 0.5) + vec2(0.0, 0.5));
    vec3 hair = mix(vec3(0.022, 0.018, 0.016), vec3(0.60), person2.y);
    colour *= mix(vec3(1.0), vec3(1.06, 0.82, 0.77), paint.g);
    colour *= 1.0 - paint.b;
    float rough = n2.a + 0.3 * n2.b;
    float stubble = paint.a * person.z * smoothstep(0.75 - 0.6 * person.z, 0.95, rough);
    colour = mix(colour, hair, max(paint.r * (0.55 + 0.6 * n2.g), 0.95 * stubble));
    vec4 iris = texture(eye_map, uv / (0.12 * finish.w) * vec2(0.5, 2.0) + vec2(0.5, -0.54));
    float is_eye = step(0.5, iris.a);
    colour = mix(colour, iris.rgb, is_eye);
    label = is_eye > 0.5 ? 17 : label;
    gloss += 0.9 * is_eye;
    sharp = mix(sharp, 120.0, is_eye);
    relief *= 1.0 - is_eye;
    soft = vec3(0.20, 0.12, 0.10);
#elif KIND == 1
    // coat of the tongue, crypts and exudate of the tonsils, follicles of the wall, pigment
    float mucosa = part >= 2 && part <= 15 && part != 3 ? 1.0 : 0.0;
    float tongue = part == 5 ? 1.0 : 0.0;
    float tonsil = part == 11 || part == 12 ? 1.0 : 0.0;
    float wall = part == 13 ? 1.0 : 0.0;
    float coat = tongue * smoothstep(0.25, 0.80, 0.6 * n1.r + 0.4 * n1.b) * smoothstep(-0.012,
        -0.045, p_mouth.x);
    colour = mix(colour, vec3(0.66, 0.56, 0.50), person2.x * coat);
    float crypt = tonsil * smoothstep(0.58, 0.70, 0.5 * n2.r + 0.5 * n2.g);
    colour = mix(colour, vec3(0.22, 0.05, 0.05), 0.5 * crypt);
    float spots = smoothstep(0.66 - 0.35 * person.x, 0.72 - 0.33 * person.x, 0.5 * (n2.r + n1.b));
    float pus = tonsil * step(0.01, person.x) * spots;
    colour = mix(colour, vec3(0.80, 0.76, 0.58), 0.9 * pus);
    float cobble = wall * smoothstep(0.52, 0.68, n2.r) * person.y;
    colour *= mix(vec3(1.0), vec3(1.08, 0.86, 0.80), cobble);
    relief += 1.2 * pus + 1.6 * cobble * n2.r;
    float vessel = texture(vessel_map, t * 20.0).r * surface.z * g.w;
    colour *= mix(vec3(1.0), vec3(0.72, 0.30, 0.30), clamp(vessel, 0.0, 1.0));
    float stain = mucosa * person2.w * smoothstep(0.45, 0.7, n1.r);
    colour *= mix(vec3(1.0), vec3(0.50, 0.42, 0.42), stain);
    float metal = part == 3 ? step(5.0, uv.x) : 0.0;
    colour = mix(colour, vec3(0.34, 0.32, 0.29), metal);
    gloss += 1.2 * metal;
    // wet films break up: dry patches between pools of saliva
    float pools = 0.35 + 1.3 * smoothstep(0.35, 0.75, n1.g);
    gloss *= mix(1.0, 4.0 * surface.x * (0.35 + 1.1 * person.w) * pools, mucosa);
    sharp *= mix(1.0, 1.8, mucosa);
    soft = mix(soft, vec3(0.35, 0.16, 0.12), mucosa);
#endif
    // bump by screen-space derivatives (Mikkelsen 2010, J. Graphics Tools 15(1), eq. 4)
    float height = relief * surface.y * 0.00022;
    vec3 dx = dFdx(p_mouth), dy = dFdy(p_mouth);
    vec3 r1 = cross(dy, n), r2 = cross(n, dx);
    float det = dot(dx, r1);
    vec3 slope = sign(det) * (dFdx(height) * r1 + dFdy(height) * r2);
    n = normalize(abs(det) * n - clamp(slope, -abs(det), abs(det)) + 1e-12);

    vec3 to_lamp = lamp - p_mouth;
    float d2 = dot(to_lamp, to_lamp);
    to_lamp *= inversesqrt(d2);
    float cosine = dot(n, to_lamp);
    float shadow = lit(1.0 - max(cosine, 0.0));
    vec3 falloff = lamp_colour / max(d2, 1e-4);
    // light that has gone through tissue is red and soft
    vec3 light = falloff * shadow * max((cosine + soft) / (1.0 + soft), 0.0);
    light += room_colour * (0.55 + 0.45 * dot(n, room_direction)) * cave.x;
#if KIND == 1
    // light thrown about inside the mouth has met mucosa before
    vec3 thrown = (0.22 * falloff + 0.5 * room_colour) * vec3(1.0, 0.52, 0.45);
    light += step(0.0001, cave.y) * surface.w * thrown * sqrt(cave.x);
#endif
    vec3 result = colour * light;
    vec3 h = normalize(to_lamp + to_eye);
    float grazing = 1.0 - max(dot(n, to_eye), 0.0);
    float fresnel = 0.32 + 4.0 * grazing * grazing * grazing * grazing;
    float spec = pow(max(dot(n, h), 0.0), 1.6 * sharp) * (sharp + 8.0) * 0.018;
    result += falloff * shadow * gloss * fresnel * spec;
    float mirror = max(dot(reflect(-to_eye, n), room_direction), 0.0);
    mirror *= mirror;
    mirror *= mirror;
    mirror *= mirror;
    result += room_colour * gloss * mirror * mirror * 0.25 * cave.x;
    result = 1.0 - exp(-1.35 * result);
    float grey = dot(result, vec3(0.30, 0.59, 0.11));
    result = max(mix(vec3(grey), result, finish.y), 0.0);
    out_colour = vec4(pow(result, vec3(finish.x)), float(label) / 255.0);
    out_depth = depth;
}
"""
)
