import { expect, test } from 'vitest'
import { printTemplate, relaxedTemplate } from './jsonpath.ts'

const data = {
  kind: 'List',
  items: [
    {
      kind: 'None',
      metadata: { name: '127.0.0.1', labels: { 'kubernetes.io/hostname': 'a' } },
      status: { capacity: { cpu: '4' }, addresses: [{ type: 'LegacyHostIP', address: '127.0.0.1' }] },
    },
    {
      kind: 'None',
      metadata: { name: '127.0.0.2' },
      status: {
        capacity: { cpu: '8' },
        addresses: [
          { type: 'LegacyHostIP', address: '127.0.0.2' },
          { type: 'another', address: '127.0.0.3' },
        ],
      },
    },
  ],
  users: [
    { name: 'myself', user: {} },
    { name: 'e2e', user: { username: 'admin', password: 'secret' } },
  ],
  numbers: [1, 2, 3],
}
const print = (template: string, allowMissingKeys = false) => printTemplate(template, data, { allowMissingKeys })

test.each([
  ['kind is {.kind}', 'kind is List'],
  ['{.items[0].metadata.name}', '127.0.0.1'],
  ["{['kind']}", 'List'],
  ['{.items[*].metadata.name}', '127.0.0.1 127.0.0.2'],
  ['{.items[-1].metadata.name}', '127.0.0.2'],
  ['{.numbers[0:2]}', '1 2'],
  ['{.numbers[::2]}', '1 3'],
  ['{.numbers[-1:]}', '3'],
  ["{.items[*]['metadata.name', 'status.capacity']}", '127.0.0.1 127.0.0.2 {"cpu":"4"} {"cpu":"8"}'],
  ['{..name}', '127.0.0.1 127.0.0.2 myself e2e'],
  ['{.users[?(@.name=="e2e")].user.password}', 'secret'],
  ['{.users[?(@.user.username)].name}', 'e2e'],
  ['{.numbers[?(@>1)]}', '2 3'],
  ['{range .items[*]}[{.metadata.name}, {.status.capacity}] {end}', '[127.0.0.1, {"cpu":"4"}] [127.0.0.2, {"cpu":"8"}] '],
  [
    '{range .items[*]}{.metadata.name}{"\\t"}{range .status.addresses[*]}{.address},{end}{"\\n"}{end}!',
    '127.0.0.1\t127.0.0.1,\n127.0.0.2\t127.0.0.2,127.0.0.3,\n!',
  ],
  ['{.items[0].metadata.labels.kubernetes\\.io/hostname}', 'a'],
  ["{.items[0].metadata.labels['kubernetes\\.io/hostname']}", 'a'],
  ['{.users[1].user}', '{"password":"secret","username":"admin"}'],
  ["{'a b'}{.numbers}", 'a b[1,2,3]'],
])('%s', (template, text) => {
  expect(print(template)).toBe(text)
})

test.each([
  ['{.nope}', 'nope is not found'],
  ['{.numbers[7]}', 'array index out of bounds: index 7, length 3'],
  ['{.kind', 'unclosed action'],
  ['{.numbers[}', 'unterminated array'],
  ['{end}', 'not in range, nothing to end'],
  ['{foo}', 'unrecognized identifier foo'],
  ['{.kind[0]}', 'string is not array or slice'],
])('%s fails', (template, message) => {
  expect(() => print(template)).toThrow(message)
})

test('absent fields may be nothing', () => {
  expect(print('<{.nope.more}>', true)).toBe('<>')
  expect(print('{range .nope[*]}x{end}y', true)).toBe('y')
})

test('relaxed expressions', () => {
  for (const text of ['metadata.name', '.metadata.name', '{metadata.name}', '{.metadata.name}']) {
    expect(relaxedTemplate(text)).toBe('{.metadata.name}')
  }
})
