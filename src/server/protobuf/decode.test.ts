import { expect, test } from 'vitest'
import { decodeProtobuf } from './decode.ts'
import { WireError } from './wire.ts'

/** A length-delimited field of a message. */
const field = (number: number, ...bytes: readonly number[]): number[] => [(number << 3) | 2, bytes.length, ...bytes]
const text = (number: number, value: string): number[] => field(number, ...new TextEncoder().encode(value))
/** Field numbers above 15 take two bytes. */
const varint = (number: number, value: number): number[] =>
  number > 15 ? [((number << 3) & 0x7f) | 0x80, number >> 4, value] : [number << 3, value]
const body = (apiVersion: string, kind: string, raw: readonly number[]): Uint8Array =>
  Uint8Array.from([0x6b, 0x38, 0x73, 0, ...field(1, ...text(1, apiVersion), ...text(2, kind)), ...field(2, ...raw)])

test('a ConfigMap with metadata and a map', () => {
  const raw = [...field(1, ...text(1, 'c'), ...text(3, 'default')), ...field(2, ...text(1, 'a'), ...text(2, 'b'))]
  expect(decodeProtobuf(body('v1', 'ConfigMap', raw))).toEqual({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'c', namespace: 'default' },
    data: { a: 'b' },
  })
})

test('nested lists, embedded structs, quantities, numbers or names, and zeros that Go leaves out', () => {
  // Container: name 1, image 2, ports 6, resources 8, livenessProbe 10 (handler 1 > httpGet 2 > port 2), tty 18.
  const port = [...varint(3, 80), ...varint(2, 0)]
  const limits = field(1, ...text(1, 'cpu'), ...field(2, ...text(1, '500m')))
  const probe = [...field(1, ...field(2, ...text(1, '/'), ...field(2, ...varint(1, 1), ...text(3, 'http')))), ...varint(4, 10)]
  const container = [
    ...text(1, 'web'),
    ...text(2, 'nginx'),
    ...text(5, ''),
    ...field(6, ...port),
    ...field(8, ...limits),
    ...field(10, ...probe),
    ...varint(18, 0),
  ]
  const pod = [...field(1, ...text(1, 'p')), ...field(2, ...field(2, ...container), ...varint(4, 0))]
  expect(decodeProtobuf(body('v1', 'Pod', pod))).toEqual({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p' },
    spec: {
      terminationGracePeriodSeconds: 0,
      containers: [
        {
          name: 'web',
          image: 'nginx',
          ports: [{ containerPort: 80 }],
          resources: { limits: { cpu: '500m' } },
          livenessProbe: { httpGet: { path: '/', port: 'http' }, periodSeconds: 10 },
        },
      ],
    },
  })
})

test('what is no protobuf is refused', () => {
  expect(() => decodeProtobuf(new TextEncoder().encode('{"kind":"Pod"}'))).toThrow(WireError)
  expect(() => decodeProtobuf(body('v1', 'Nothing', []))).toThrow(/no schema for Nothing in v1/)
  expect(() => decodeProtobuf(body('v1', 'Pod', [0x0a, 0x7f]))).toThrow(/unexpected end/)
})
