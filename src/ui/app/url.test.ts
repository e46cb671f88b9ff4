import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { INSPECTOR_TABS } from '../state/layout.ts'
import { URL_DEFAULTS, formatUrl, parseUrl } from './url.ts'
import type { UrlState } from './url.ts'

const VIEWS = ['cluster', 'rollout']
const TABS = ['yaml', 'table', 'events']
const parse = (hash: string): UrlState => parseUrl(hash, VIEWS, TABS)

describe('the URL', () => {
  it('is short when nothing is out of the ordinary', () => {
    expect(formatUrl(URL_DEFAULTS)).toBe('#/cluster')
    expect(parse('')).toEqual(URL_DEFAULTS)
  })

  it('names the selected object readably', () => {
    const selected = {
      group: 'apps',
      version: 'v1',
      resource: 'deployments',
      kind: 'Deployment',
      namespace: 'default',
      name: 'web',
    }
    const url = formatUrl({ ...URL_DEFAULTS, view: 'rollout', selected, inspectorTab: 'yaml', dock: '' })
    expect(url).toBe('#/rollout?select=apps/v1/deployments/Deployment/default/web&tab=yaml&dock=-')
    expect(parse(url)).toMatchObject({ selected, dock: '', view: 'rollout' })
  })

  it('falls back to defaults for anything it does not know', () => {
    expect(parse('#/nowhere?select=a/b&tab=x&dock=y&table=//&seed=-1&workers=1e9')).toEqual(URL_DEFAULTS)
  })

  it('gives back whatever was put in', () => {
    const word = fc.stringMatching(/^[a-z][a-z0-9.-]{0,20}$/)
    const ref = fc.record({
      group: fc.oneof(fc.constant(''), word),
      version: word,
      resource: word,
      kind: word,
      namespace: fc.oneof(fc.constant(''), word),
      // Names may hold what a URL treats specially: ClusterRoles are called system:node, for one.
      name: fc.stringMatching(/^[a-z][a-z0-9.:%&=+-]{0,20}$/),
    })
    const state = fc.record({
      seed: fc.nat(2 ** 31),
      workers: fc.integer({ min: 0, max: 5000 }),
      controlPlanes: fc.constantFrom(1, 3),
      view: fc.constantFrom(...VIEWS),
      selected: fc.option(ref),
      inspectorTab: fc.constantFrom(...INSPECTOR_TABS),
      dock: fc.constantFrom('', ...TABS),
      table: fc.record({
        group: fc.oneof(fc.constant(''), word),
        version: word,
        resource: word,
        kind: word,
        namespaced: fc.boolean(),
        namespace: fc.oneof(fc.constant(''), word),
      }),
      param: fc.string({ minLength: 1, maxLength: 40 }),
    })
    fc.assert(
      fc.property(state, ({ param, ...rest }) => {
        const given = { ...rest, params: { [`${rest.view}.to`]: param } }
        expect(parse(formatUrl(given))).toEqual(given)
      }),
      { seed: 1, numRuns: 200 },
    )
  })
})
