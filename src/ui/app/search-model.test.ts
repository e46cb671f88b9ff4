import { describe, expect, it } from 'vitest'
import type { KindCount, PodRow } from '../../worker/protocol.ts'
import { SEARCHED_TABLES, searchHits } from './search-model.ts'
import type { SearchHit } from './search-model.ts'

const kind = (resource: string, name: string, shortNames: string[] = []): KindCount => ({
  group: '',
  version: 'v1',
  resource,
  kind: name,
  namespaced: true,
  shortNames,
  count: 1,
})
const pod = (name: string): PodRow => ({
  slot: 0,
  uid: name,
  namespace: 'default',
  name,
  node: 0,
  state: 0,
  status: 'Running',
  readyContainers: 1,
  containers: 1,
  restarts: 0,
  progress: 1,
  owner: '',
  ip: '',
})
const [deployments] = SEARCHED_TABLES
const sources = {
  kinds: [kind('podtemplates', 'PodTemplate'), kind('pods', 'Pod', ['po']), kind('deployments', 'Deployment', ['deploy'])],
  views: [{ id: 'rollout', title: 'Rollout' }],
  tables: [{ target: deployments, rows: [{ key: 'default/web', namespace: 'default', name: 'web', uid: '1', cells: [] }] }],
  nodes: [],
  pods: [pod('my-web'), pod('web-1')],
}
const say = (hit: SearchHit): string =>
  hit.type === 'kind' ? hit.kind.kind : hit.type === 'view' ? hit.id : `${hit.ref.kind}/${hit.ref.name}`

describe('searchHits', () => {
  it('puts the exact short name first', () => {
    expect(searchHits('po', true, sources).map(say)).toEqual(['Pod', 'PodTemplate'])
  })
  it('finds objects by any part of the name, those that begin with it first', () => {
    expect(searchHits('web', false, sources).map(say)).toEqual(['Deployment/web', 'Pod/web-1', 'Pod/my-web'])
  })
  it('finds views', () => {
    expect(searchHits('roll', false, sources).map(say)).toEqual(['rollout'])
  })
  it('shows kinds and views before anything is typed', () => {
    expect(searchHits('', false, sources).map(say)).toEqual(['rollout', 'PodTemplate', 'Pod', 'Deployment'])
  })
})
