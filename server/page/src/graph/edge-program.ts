// Lines between nodes for sigma: dashed where a relation is denied, and set aside where several join the same two nodes.
// It stands on sigma's own straight lines, and adds a length in pixels to them, by which the dashes are cut.

import { EdgeProgram } from "sigma/rendering";
import type { EdgeDisplayData, NodeDisplayData, RenderParams } from "sigma/types";
import { floatColor } from "sigma/utils";
import type { ProgramInfo } from "sigma/rendering";

const VERTEX = /* glsl */ `
attribute vec4 a_id;
attribute vec4 a_color;
attribute vec2 a_normal;
attribute float a_normalCoef;
attribute vec2 a_positionStart;
attribute vec2 a_positionEnd;
attribute float a_positionCoef;
attribute float a_dashed;
attribute float a_aside;

uniform mat3 u_matrix;
uniform float u_sizeRatio;
uniform float u_correctionRatio;
uniform float u_minEdgeThickness;
uniform vec2 u_viewport;
uniform float u_feather;

varying vec4 v_color;
varying float v_along;
varying float v_dashed;
varying float v_across;
varying float v_soft;

void main() {
  float normalLength = length(a_normal);
  vec2 unitNormal = normalLength > 0.0 ? a_normal / normalLength : vec2(0.0);
  float unit = u_correctionRatio / u_sizeRatio;
  float thickness = max(normalLength, u_minEdgeThickness * u_sizeRatio) * unit;
  vec2 aside = unitNormal * a_aside * unit * 2.0;
  vec2 position = mix(a_positionStart, a_positionEnd, a_positionCoef) + aside;
  gl_Position = vec4((u_matrix * vec3(position + unitNormal * thickness * a_normalCoef, 1.0)).xy, 0.0, 1.0);

  vec2 span = (u_matrix * vec3(a_positionEnd - a_positionStart, 0.0)).xy * 0.5 * u_viewport;
  v_along = a_positionCoef * length(span);
  v_dashed = a_dashed;
  v_across = a_normalCoef;
  v_soft = min(1.0, u_feather * u_correctionRatio / thickness);
  #ifdef PICKING_MODE
  v_color = a_id;
  #else
  v_color = a_color;
  #endif
  v_color.a *= 255.0 / 254.0;
}
`;

const FRAGMENT = /* glsl */ `
precision mediump float;
varying vec4 v_color;
varying float v_along;
varying float v_dashed;
varying float v_across;
varying float v_soft;

void main() {
  #ifndef PICKING_MODE
  if (v_dashed > 0.5 && mod(v_along, 11.0) > 6.5) discard;
  // The rims are let fade, so that lines look smooth; colours are multiplied by their opacity.
  gl_FragColor = v_color * (1.0 - smoothstep(1.0 - v_soft, 1.0, abs(v_across)));
  #else
  gl_FragColor = v_color;
  #endif
}
`;

const UNIFORMS = ["u_matrix", "u_sizeRatio", "u_correctionRatio", "u_minEdgeThickness", "u_viewport", "u_feather"] as const;

export interface LineData extends EdgeDisplayData {
  dashed?: boolean;
  /** How far beside the straight line, in pixels. */
  aside?: number;
}

export class LineProgram extends EdgeProgram<(typeof UNIFORMS)[number]> {
  getDefinition() {
    const { FLOAT, UNSIGNED_BYTE, TRIANGLES } = WebGLRenderingContext;
    return {
      VERTICES: 6,
      VERTEX_SHADER_SOURCE: VERTEX,
      FRAGMENT_SHADER_SOURCE: FRAGMENT,
      METHOD: TRIANGLES,
      UNIFORMS,
      ATTRIBUTES: [
        { name: "a_positionStart", size: 2, type: FLOAT },
        { name: "a_positionEnd", size: 2, type: FLOAT },
        { name: "a_normal", size: 2, type: FLOAT },
        { name: "a_color", size: 4, type: UNSIGNED_BYTE, normalized: true },
        { name: "a_id", size: 4, type: UNSIGNED_BYTE, normalized: true },
        { name: "a_dashed", size: 1, type: FLOAT },
        { name: "a_aside", size: 1, type: FLOAT },
      ],
      CONSTANT_ATTRIBUTES: [
        { name: "a_positionCoef", size: 1, type: FLOAT },
        { name: "a_normalCoef", size: 1, type: FLOAT },
      ],
      CONSTANT_DATA: [[0, 1], [0, -1], [1, 1], [1, 1], [0, -1], [1, -1]],
    };
  }

  processVisibleItem(edgeIndex: number, start: number, source: NodeDisplayData, target: NodeDisplayData, data: EdgeDisplayData): void {
    const { dashed, aside, size, color } = data as LineData;
    const [dx, dy] = [target.x - source.x, target.y - source.y];
    const length = Math.hypot(dx, dy);
    const scale = length ? (size || 1) / length : 0;
    const array = this.array;
    array[start] = source.x;
    array[start + 1] = source.y;
    array[start + 2] = target.x;
    array[start + 3] = target.y;
    array[start + 4] = -dy * scale;
    array[start + 5] = dx * scale;
    array[start + 6] = floatColor(color);
    array[start + 7] = edgeIndex;
    array[start + 8] = dashed ? 1 : 0;
    array[start + 9] = aside ?? 0;
  }

  setUniforms(params: RenderParams, { gl, uniformLocations }: ProgramInfo): void {
    gl.uniformMatrix3fv(uniformLocations.u_matrix, false, params.matrix);
    gl.uniform1f(uniformLocations.u_sizeRatio, params.sizeRatio);
    gl.uniform1f(uniformLocations.u_correctionRatio, params.correctionRatio);
    gl.uniform1f(uniformLocations.u_minEdgeThickness, params.minEdgeThickness);
    gl.uniform1f(uniformLocations.u_feather, (2 * params.antiAliasingFeather) / params.pixelRatio);
    gl.uniform2f(uniformLocations.u_viewport, params.width * params.pixelRatio, params.height * params.pixelRatio);
  }
}
