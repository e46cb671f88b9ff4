import { describe, expect, test } from 'vitest'
import { locateField, parseManifest, toYaml } from './manifest.ts'

const FILE = `# a comment
---
apiVersion: v1
kind: ConfigMap
metadata: {name: a}
data:
  x: "yes"
---
# nothing here
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  template:
    spec:
      containers:
      - name: c
        image: nginx
      - name: d
        resources:
          limits: {cpu: 1}
---
a: [1
b: 2
`

describe('parseManifest', () => {
  test('parses each document on its own and says where one is broken', () => {
    const documents = parseManifest(FILE)
    expect(documents.map((d) => [d.index, d.line])).toEqual([
      [0, 2],
      [1, 10],
      [2, 24],
    ])
    expect(documents[0]?.value).toEqual({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: { x: 'yes' } })
    expect(documents[2]?.error).toMatchObject({ line: 26, column: 1 })
    expect(documents[2]?.error?.message).toContain('line 26, column 1: deficient indentation')
  })

  test('reads YAML 1.1 booleans and octal numbers as kubectl does', () => {
    expect(parseManifest('a: yes\nb: 0644\nc: 2020-01-01\nd: "on"')[0]?.value).toEqual({
      a: true,
      b: 420,
      c: '2020-01-01',
      d: 'on',
    })
  })

  test('locates fields, list items and the nearest ancestor of a missing one', () => {
    const deployment = parseManifest(FILE)[1]
    if (!deployment) throw new Error('no document')
    expect(locateField(deployment, 'spec.template.spec.containers[1].name')).toEqual({ line: 21, column: 9 })
    expect(locateField(deployment, 'spec.template.spec.containers[1].resources.limits.cpu')).toEqual({ line: 23, column: 20 })
    expect(locateField(deployment, 'spec.template.spec.containers[0].imagee')).toEqual({ line: 19, column: 9 })
    expect(locateField(deployment, 'spec.replicas').line).toBe(15)
    expect(locateField(deployment, 'nothing').line).toBe(11)
  })

  test('prints as kubectl does', () => {
    expect(toYaml({ kind: 'A', b: ['x', { z: 'true' }], a: 'yes', m: '010', t: '2020-01-01T00:00:00Z' })).toBe(
      'a: "yes"\nb:\n- x\n- z: "true"\nkind: A\nm: "010"\nt: "2020-01-01T00:00:00Z"\n',
    )
  })
})
