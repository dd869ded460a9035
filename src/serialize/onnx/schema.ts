/** The messages of ONNX that are read and written. https://github.com/onnx/onnx/blob/main/onnx/onnx.proto */
import type { DType } from '../../ir/dtype.js';
import { dtypes } from '../../ir/dtype.js';
import type { Field, FieldType, Schema } from './protobuf.js';

const one = (name: string, type: FieldType): Field => ({ name, type });
const many = (name: string, type: FieldType): Field => ({ name, type, repeated: true });

const tensorSchema: Schema = {
  1: many('dims', 'int'),
  2: one('dataType', 'int'),
  4: many('floatData', 'float'),
  5: many('int32Data', 'int'),
  7: many('int64Data', 'int'),
  8: one('name', 'string'),
  9: one('rawData', 'bytes'),
  10: many('doubleData', 'double'),
  14: one('dataLocation', 'int'),
};

const attributeSchema: Schema = {
  1: one('name', 'string'),
  2: one('f', 'float'),
  3: one('i', 'int'),
  4: one('s', 'bytes'),
  5: one('t', tensorSchema),
  7: many('floats', 'float'),
  8: many('ints', 'int'),
  9: many('strings', 'bytes'),
  20: one('type', 'int'),
};

const nodeSchema: Schema = {
  1: many('input', 'string'),
  2: many('output', 'string'),
  3: one('name', 'string'),
  4: one('opType', 'string'),
  5: many('attribute', attributeSchema),
  7: one('domain', 'string'),
};

const dimensionSchema: Schema = { 1: one('dimValue', 'int'), 2: one('dimParam', 'string') };
const shapeSchema: Schema = { 1: many('dim', dimensionSchema) };
const tensorTypeSchema: Schema = { 1: one('elemType', 'int'), 2: one('shape', shapeSchema) };
const typeSchema: Schema = { 1: one('tensorType', tensorTypeSchema) };
const valueSchema: Schema = { 1: one('name', 'string'), 2: one('type', typeSchema) };

const graphSchema: Schema = {
  1: many('node', nodeSchema),
  2: one('name', 'string'),
  5: many('initializer', tensorSchema),
  11: many('input', valueSchema),
  12: many('output', valueSchema),
};

export const modelSchema: Schema = {
  1: one('irVersion', 'int'),
  2: one('producerName', 'string'),
  3: one('producerVersion', 'string'),
  7: one('graph', graphSchema),
  8: many('opsetImport', { 1: one('domain', 'string'), 2: one('version', 'int') }),
};

export interface TensorProto {
  dims?: number[];
  dataType?: number;
  floatData?: number[];
  int32Data?: number[];
  int64Data?: (number | bigint)[];
  doubleData?: number[];
  name?: string;
  rawData?: Uint8Array;
  dataLocation?: number;
}

export interface AttributeProto {
  name: string;
  type?: number;
  f?: number;
  i?: number;
  s?: Uint8Array;
  t?: TensorProto;
  floats?: number[];
  ints?: number[];
  strings?: Uint8Array[];
}

export interface NodeProto {
  input?: string[];
  output?: string[];
  name?: string;
  opType?: string;
  attribute?: AttributeProto[];
  domain?: string;
}

export interface ValueProto {
  name: string;
  type?: { tensorType?: { elemType?: number; shape?: { dim?: { dimValue?: number; dimParam?: string }[] } } };
}

export interface GraphProto {
  node?: NodeProto[];
  name?: string;
  initializer?: TensorProto[];
  input?: ValueProto[];
  output?: ValueProto[];
}

export interface ModelProto {
  irVersion?: number;
  producerName?: string;
  producerVersion?: string;
  graph?: GraphProto;
  opsetImport?: { domain?: string; version?: number }[];
}

/** ONNX's numbers of the kinds of attributes. */
export const AttributeType = { float: 1, int: 2, string: 3, tensor: 4, floats: 6, ints: 7, strings: 8 } as const;

/** ONNX's numbers of the dtypes. */
const codes: Record<string, number> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int16: 5,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
  complex64: 14,
  complex128: 15,
  bfloat16: 16,
};
export const codeOf = (dtype: DType): number => codes[dtype.name];

export function dtypeOfCode(code: number | undefined): DType {
  const dtype = dtypes.find(({ name }) => codes[name] === code);
  if (!dtype) throw new TypeError(`ONNX's data type ${code} is not supported`);
  return dtype;
}
