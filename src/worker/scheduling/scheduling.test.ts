import { beforeAll, describe, expect, test } from 'vitest'
import { InformerFactory } from '../../client/informer.ts'
import { Cluster } from '../../cluster/cluster.ts'
import { PANEL } from '../../cluster/identities.ts'
import { applyFile } from '../../kubectl/apply.ts'
import { clusterDoor } from '../../cluster/door.ts'
import type { FeedContext } from '../feeds/feed.ts'
import { SchedulingFeed } from '../feeds/scheduling.ts'
import { Pacer } from '../pacer.ts'
import { compareSchedulers, parseSchedulerConfig } from './compare.ts'
import type { SchedulingView } from './protocol.ts'
import { whatIf } from './what-if.ts'

const deployment = (name: string, replicas: number, spec: string) => `
apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name} }
spec:
  replicas: ${replicas}
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec: ${spec}
`
const container = (cpu: string) => `{ name: c, image: nginx, resources: { requests: { cpu: '${cpu}' } } }`
const config = (strategy: string) => `
apiVersion: kubescheduler.config.k8s.io/v1
kind: KubeSchedulerConfiguration
profiles:
  - schedulerName: default-scheduler
    pluginConfig:
      - name: NodeResourcesFit
        args: { scoringStrategy: { type: ${strategy}, resources: [{ name: cpu, weight: 1 }] } }
`

class Stage {
  readonly cluster = new Cluster({ hollow: { writes: 'few' }, workers: 3 })
  readonly context: FeedContext
  private readonly pacer: Pacer

  constructor() {
    this.cluster.boot()
    const informers = new InformerFactory(this.cluster.client(PANEL, 'kubarium-panel'))
    informers.start()
    this.context = { cluster: this.cluster, informers }
    const host = { now: () => 0, later: () => undefined }
    const quiet = () => undefined
    this.pacer = new Pacer(this.cluster.sim, host, quiet, quiet)
  }

  apply(yaml: string): void {
    for (const { outcome, message } of applyFile(clusterDoor(this.cluster), yaml, {}))
      if (outcome === 'failed') throw new Error(message)
    this.cluster.sim.runFor(5000)
  }

  podOf(workload: string): string {
    const pod = this.cluster.etcd.range('pods').find(({ key }) => key.startsWith(`default/${workload}-`))
    return pod?.key.slice('default/'.length) ?? ''
  }

  view(name: string, attempt?: number): SchedulingView {
    const feed = new SchedulingFeed(this.context, this.pacer, 'default', name, attempt)
    const [data] = feed.flush()
    feed.stop()
    if (data?.feed !== 'scheduling' || !data.scheduling) throw new Error('no view')
    return data.scheduling
  }
}

describe('a pod that fits nowhere', () => {
  let stage: Stage
  beforeAll(() => {
    stage = new Stage()
    stage.apply(deployment('big', 1, `{ nodeSelector: { disk: ssd }, containers: [${container('99')}] }`))
  })

  test('every node is refused by the first filter that minds, and the message is split by reason', () => {
    const { weighing, queue, attempts } = stage.view(stage.podOf('big'))
    expect(weighing?.verdicts).toMatchObject([{ plugin: 'NodeAffinity', also: ['NodeResourcesFit'], resolvable: false }])
    expect(weighing?.message).toMatch(/^0\/3 nodes are available: 3 node\(s\) didn't match Pod's node affinity\/selector\./)
    expect(weighing?.parts).toEqual([{ reason: "node(s) didn't match Pod's node affinity/selector", nodes: [0, 1, 2] }])
    expect(queue).toMatchObject({ place: 'unschedulable', attempts: 1, rejectedBy: ['NodeAffinity'] })
    expect(attempts).toHaveLength(1)
  })

  test('what if: the label alone does not help, the label and a smaller request do', () => {
    const name = stage.podOf('big')
    const label = { type: 'label', node: 'node-2', key: 'disk', value: 'ssd' } as const
    const request = { type: 'request', container: 'c', resource: 'cpu', quantity: '1' } as const
    const before = stage.cluster.etcd.revision
    const one = whatIf(stage.context, { namespace: 'default', name, changes: [label] })
    expect(one.after?.verdicts.map(({ plugin }) => plugin)).toEqual(['NodeAffinity', 'NodeResourcesFit'])
    const both = whatIf(stage.context, { namespace: 'default', name, changes: [label, request] })
    expect(both.after?.nodes[both.after.winner]).toBe('node-2')
    expect(stage.cluster.etcd.revision).toBe(before)
  })

  test('what if: a quantity that is none', () => {
    const change = { type: 'request', container: 'c', resource: 'cpu', quantity: '1 core' } as const
    expect(whatIf(stage.context, { namespace: 'default', name: stage.podOf('big'), changes: [change] }).error).not.toBe('')
  })
})

describe('pods that are placed', () => {
  let stage: Stage
  beforeAll(() => {
    stage = new Stage()
    stage.apply(deployment('web', 6, `{ containers: [${container('500m')}] }`))
  })

  test('the recorded attempt names the node that was taken', () => {
    const now = stage.view(stage.podOf('web'))
    const [attempt] = now.attempts
    const { weighing } = stage.view(now.name, attempt?.id)
    expect(weighing?.nodes[weighing.winner]).toBe(now.node)
    expect(weighing?.scorers.map(({ plugin }) => plugin)).toContain('NodeResourcesFit')
    const totals = weighing?.totals ?? []
    expect(weighing?.best).toEqual(weighing?.scored.filter((_, i) => totals[i] === Math.max(...totals)))
  })

  test('what if: further replicas are placed one after the other', () => {
    const { name, facts } = stage.view(stage.podOf('web'))
    if (!facts.owner) throw new Error('no owner')
    const change = { type: 'replicas', workload: facts.owner, replicas: 9 } as const
    const { replicas } = whatIf(stage.context, { namespace: 'default', name, changes: [change] })
    expect(new Set(replicas)).toEqual(new Set(['node-1', 'node-2', 'node-3']))
  })

  test('what if: weights are written into the configuration', () => {
    const change = { type: 'weight', plugin: 'ImageLocality', weight: 0 } as const
    const { after, configYaml } = whatIf(stage.context, { namespace: 'default', name: stage.podOf('web'), changes: [change] })
    expect(after?.scorers.map(({ plugin }) => plugin)).not.toContain('ImageLocality')
    expect(parseSchedulerConfig(configYaml).errors).toEqual([])
  })

  test('LeastAllocated spreads, MostAllocated packs', () => {
    const run = compareSchedulers(stage.context, config('LeastAllocated'), packing)
    let step = run.next()
    while (!step.done) step = run.next()
    const { first, second, moves } = step.value
    expect(Math.max(...(first?.pods ?? []))).toBe(2)
    expect(Math.max(...(second?.pods ?? []))).toBe(6)
    expect(moves[2]).toBe(4)
  })
})
const packing = config('MostAllocated').replace(
  '    pluginConfig:',
  "    plugins: { score: { disabled: [{ name: '*' }], enabled: [{ name: NodeResourcesFit }] } }\n    pluginConfig:",
)

test('preemption: victims by node', () => {
  const stage = new Stage()
  const high = 'apiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\nmetadata: { name: high }\nvalue: 1000\n'
  stage.apply(deployment('low', 6, `{ containers: [${container('1900m')}] }`))
  stage.apply(`${high}---${deployment('vip', 1, `{ priorityClassName: high, containers: [${container('3')}] }`)}`)
  const [first] = stage.view(stage.podOf('vip')).attempts.toReversed()
  const { weighing } = stage.view(stage.podOf('vip'), first?.id)
  expect(weighing?.preemption?.candidates).toHaveLength(3)
  expect(weighing?.preemption?.candidates[0]?.victims).toHaveLength(2)
  expect(weighing?.preemption?.chosen).toBeGreaterThanOrEqual(0)
})

test('another configuration restarts the scheduler, and its profiles serve', () => {
  const stage = new Stage()
  stage.apply(deployment('own', 1, `{ schedulerName: packer, containers: [${container('1')}] }`))
  const { missing, profiles, node } = stage.view(stage.podOf('own'))
  expect({ missing, profiles, node }).toEqual({ missing: 'profile', profiles: ['default-scheduler'], node: '' })
  stage.cluster.scheduler.configure(parseSchedulerConfig(config('MostAllocated').replace('default-scheduler', 'packer')).config)
  // The new process waits until the old one's lease has run out.
  stage.cluster.sim.runFor(20_000)
  expect(stage.view(stage.podOf('own')).node).not.toBe('')
})

describe('a configuration that no scheduler takes', () => {
  test.each([
    ['kind: Pod', /no kind "Pod"/],
    [config('Random'), /scoringStrategy\.type: Unsupported value: "Random"/],
    [`${config('MostAllocated')}percentageOfNodesToScore: 120`, /not in valid range \[0-100\]/],
    [`${config('MostAllocated')}  - schedulerName: default-scheduler`, /Duplicate value: "default-scheduler"/],
    ['profiles: [', /line 1/],
  ])('%s', (yaml, message) => {
    expect(parseSchedulerConfig(yaml).errors.join('\n')).toMatch(message)
  })
})
