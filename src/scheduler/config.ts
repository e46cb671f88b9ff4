/**
 * KubeSchedulerConfiguration and what it makes of the plugins. k8s 1.36: kube-scheduler config/v1.
 * SIMPLIFIED: parallelism, extenders, leader election and client connection settings have no effect.
 */
import type { EventHint } from './events.ts'
import type { Handle, Plugin } from './framework.ts'
import { PLUGINS, type PluginArgs } from './plugins/registry.ts'

interface PluginRef {
  readonly name: string
  readonly weight?: number
}

interface PluginSet {
  readonly enabled?: readonly PluginRef[]
  /** '*' disables all default plugins of the extension point. */
  readonly disabled?: readonly PluginRef[]
}

type ExtensionPoint = 'preEnqueue' | 'queueSort' | 'filter' | 'postFilter' | 'score' | 'permit' | 'bind'

export interface SchedulerProfileConfig {
  readonly schedulerName?: string
  readonly percentageOfNodesToScore?: number
  /**
   * By extension point; multiPoint stands for all points that a plugin has.
   * SIMPLIFIED: preFilter goes with filter, preScore with score; reserve and preBind go with filter.
   */
  readonly plugins?: { readonly [point in ExtensionPoint | 'multiPoint']?: PluginSet }
  readonly pluginConfig?: readonly { readonly name: string; readonly args: object }[]
}

export interface SchedulerConfig {
  readonly profiles?: readonly SchedulerProfileConfig[]
  /** 0: adaptive. */
  readonly percentageOfNodesToScore?: number
  readonly podInitialBackoffSeconds?: number
  readonly podMaxBackoffSeconds?: number
}

/** A profile ready to run: the plugins of each extension point in order. */
export interface Profile {
  readonly schedulerName: string
  readonly percentageOfNodesToScore: number
  readonly preEnqueue: readonly Plugin[]
  readonly queueSort: Plugin
  readonly filters: readonly Plugin[]
  readonly postFilters: readonly Plugin[]
  readonly scorers: readonly { readonly plugin: Plugin; readonly weight: number }[]
  readonly permit: readonly Plugin[]
  readonly binders: readonly Plugin[]
  /** Which events may help a pod that the plugin rejected. */
  readonly hints: ReadonlyMap<string, readonly EventHint[]>
}

const IMPLEMENTS: { readonly [point in ExtensionPoint]: (plugin: Plugin) => boolean } = {
  preEnqueue: (p) => p.preEnqueue !== undefined,
  queueSort: (p) => p.less !== undefined,
  filter: (p) => p.preFilter !== undefined,
  postFilter: (p) => p.postFilter !== undefined,
  score: (p) => p.preScore !== undefined,
  permit: (p) => p.permit !== undefined,
  bind: (p) => p.bind !== undefined,
}

const DEFAULTS: readonly PluginRef[] = PLUGINS.map(({ name, weight }) => ({ name, weight }))

/** Defaults without the disabled ones, re-configured ones in place, further ones behind. k8s 1.36: mergePluginSet. */
function merge(defaults: readonly PluginRef[], { enabled = [], disabled = [] }: PluginSet): PluginRef[] {
  const off = new Set(disabled.map(({ name }) => name))
  const kept = off.has('*') ? [] : defaults.filter(({ name }) => !off.has(name))
  const replaced = kept.map((ref) => enabled.find(({ name }) => name === ref.name) ?? ref)
  return [...replaced, ...enabled.filter((ref) => !replaced.includes(ref))]
}

/** Plugins named for the point come before the others if they are also in multiPoint. k8s 1.36: expandMultiPointPlugins. */
function pluginsAt(
  point: ExtensionPoint,
  multiPoint: readonly PluginRef[],
  { enabled = [], disabled = [] }: PluginSet,
  instances: ReadonlyMap<string, Plugin>,
): { plugin: Plugin; weight: number }[] {
  const off = new Set(disabled.map(({ name }) => name))
  const isNamed = (ref: PluginRef) => enabled.some(({ name }) => name === ref.name)
  const inherited = off.has('*') ? [] : multiPoint.filter((ref) => !off.has(ref.name))
  const overriding = enabled.filter((ref) => inherited.some(({ name }) => name === ref.name))
  const order = [
    ...overriding,
    ...inherited.filter((ref) => !isNamed(ref)),
    ...enabled.filter((ref) => !overriding.includes(ref)),
  ]
  return order.flatMap(({ name, weight }) => {
    const plugin = instances.get(name)
    return plugin && IMPLEMENTS[point](plugin) ? [{ plugin, weight: weight || 1 }] : []
  })
}

function makeProfile(profile: SchedulerProfileConfig, config: SchedulerConfig, handle: Handle): Profile {
  const args: PluginArgs = Object.fromEntries((profile.pluginConfig ?? []).map((entry) => [entry.name, entry.args]))
  const instances = new Map(PLUGINS.map(({ name, make }) => [name, make(args, handle)]))
  const multiPoint = merge(DEFAULTS, profile.plugins?.multiPoint ?? {})
  const at = (point: ExtensionPoint) => pluginsAt(point, multiPoint, profile.plugins?.[point] ?? {}, instances)
  const plain = (point: ExtensionPoint) => at(point).map(({ plugin }) => plugin)
  return {
    schedulerName: profile.schedulerName ?? 'default-scheduler',
    percentageOfNodesToScore: profile.percentageOfNodesToScore ?? config.percentageOfNodesToScore ?? 0,
    preEnqueue: plain('preEnqueue'),
    queueSort: plain('queueSort')[0] ?? { name: 'none', less: () => false },
    filters: plain('filter'),
    postFilters: plain('postFilter'),
    scorers: at('score'),
    permit: plain('permit'),
    binders: plain('bind'),
    hints: new Map([...instances].map(([name, { events = [] }]) => [name, events])),
  }
}

/** The profiles of a configuration, defaults filled in; one default profile if it names none. */
export function makeProfiles(config: SchedulerConfig, handle: Handle): ReadonlyMap<string, Profile> {
  const profiles = config.profiles?.length ? config.profiles : [{}]
  return new Map(profiles.map((p) => makeProfile(p, config, handle)).map((p) => [p.schedulerName, p]))
}
