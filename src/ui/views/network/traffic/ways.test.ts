import { expect, it } from 'vitest'
import { along, wayBetween, wayToLoss, type Picture } from './ways.ts'

const picture: Picture = {
  anchors: new Map([
    ['pod:d/a', { x: 10, y: 100 }],
    ['pod:d/b', { x: 30, y: 100 }],
    ['pod:d/c', { x: 210, y: 100 }],
    ['bridge:n1', { x: 20, y: 80 }],
    ['port:n1', { x: 20, y: 60 }],
    ['bridge:n2', { x: 220, y: 80 }],
    ['port:n2', { x: 220, y: 60 }],
    ['outside', { x: 100, y: 10 }],
  ]),
  nodeOf: new Map([
    ['pod:d/a', 'n1'],
    ['pod:d/b', 'n1'],
    ['pod:d/c', 'n2'],
  ]),
  lanY: 40,
  lanX: new Map(),
}
const text = (way: readonly { readonly x: number; readonly y: number }[]) => way.map(({ x, y }) => `${x},${y}`).join(' ')

it('stays on the bridge between pods of one machine', () => {
  expect(text(wayBetween(picture, 'pod:d/a', 'pod:d/b'))).toBe('10,100 20,100 20,80 20,100 30,100')
})

it('goes over port and LAN between machines', () => {
  expect(text(wayBetween(picture, 'pod:d/a', 'pod:d/c'))).toBe(
    '10,100 20,100 20,80 20,60 20,40 220,40 220,60 220,80 220,100 210,100',
  )
})

it('comes in from outside', () => {
  expect(text(wayBetween(picture, 'outside', 'pod:d/c'))).toBe('100,10 100,10 100,40 220,40 220,60 220,80 220,100 210,100')
})

it('ends where a request is lost', () => {
  expect(text(wayToLoss(picture, 'pod:d/a', 'node:n1'))).toBe('10,100 20,100 20,80')
  expect(text(wayToLoss(picture, 'pod:d/a', 'node:n2'))).toBe('10,100 20,100 20,80 20,60 20,40 220,40 220,60')
  expect(text(wayToLoss(picture, 'pod:d/a', 'link:n1 to n2'))).toBe('10,100 20,100 20,80 20,60 20,40 44,40')
})

it('finds the middle of a way', () => {
  expect(
    along(
      [
        { x: 0, y: 0 },
        { x: 10, y: 0 },
        { x: 10, y: 10 },
      ],
      0.75,
    ),
  ).toEqual({ x: 10, y: 5 })
})
