/** Whether a text's value is a KubeSchedulerConfiguration that a scheduler would start with. */
import type { SchedulerConfig } from './config.ts'
import { PLUGINS } from './plugins/registry.ts'

const API_VERSION = 'kubescheduler.config.k8s.io/v1'
const KIND = 'KubeSchedulerConfiguration'
const POINTS = [
  'multiPoint',
  'preEnqueue',
  'queueSort',
  'preFilter',
  'filter',
  'postFilter',
  'preScore',
  'score',
  'reserve',
  'permit',
  'preBind',
  'bind',
  'postBind',
]
const PLUGIN_NAMES = new Set(PLUGINS.map(({ name }) => name))
const FIT_STRATEGIES = ['LeastAllocated', 'MostAllocated', 'RequestedToCapacityRatio']
const MAX_WEIGHT = 100

type Plain = { readonly [key: string]: unknown }

const isPlain = (value: unknown): value is Plain => typeof value === 'object' && value !== null && !Array.isArray(value)
const listOf = (value: unknown): readonly Plain[] => (Array.isArray(value) ? value.filter(isPlain) : [])

/** The configuration, or what is wrong with it, worded as kube-scheduler does. k8s 1.36: ValidateKubeSchedulerConfiguration. */
export function checkSchedulerConfig(value: unknown): { readonly config: SchedulerConfig; readonly errors: readonly string[] } {
  if (!isPlain(value)) return { config: {}, errors: ['the text is not a KubeSchedulerConfiguration'] }
  const errors: string[] = []
  if (value['apiVersion'] !== API_VERSION || value['kind'] !== KIND)
    errors.push(
      `no kind "${String(value['kind'])}" is registered for version "${String(value['apiVersion'])}": expected ${API_VERSION}, ${KIND}`,
    )
  checkPercentage('percentageOfNodesToScore', value['percentageOfNodesToScore'], errors)
  checkBackoff(value, errors)
  const names = new Set<string>()
  listOf(value['profiles']).forEach((profile, i) => {
    const path = `profiles[${i}]`
    const name = String(profile['schedulerName'] ?? 'default-scheduler')
    if (names.has(name)) errors.push(`${path}.schedulerName: Duplicate value: "${name}"`)
    names.add(name)
    checkPercentage(`${path}.percentageOfNodesToScore`, profile['percentageOfNodesToScore'], errors)
    checkPlugins(path, profile['plugins'], errors)
    checkPluginConfig(path, profile['pluginConfig'], errors)
  })
  return { config: value as SchedulerConfig, errors }
}

function checkPercentage(path: string, value: unknown, errors: string[]): void {
  if (value !== undefined && (typeof value !== 'number' || value < 0 || value > 100))
    errors.push(`${path}: Invalid value: ${String(value)}: not in valid range [0-100]`)
}

function checkBackoff({ podInitialBackoffSeconds: initial = 1, podMaxBackoffSeconds: most = 10 }: Plain, errors: string[]): void {
  if (Number(initial) <= 0) errors.push(`podInitialBackoffSeconds: Invalid value: ${String(initial)}: must be greater than 0`)
  if (Number(most) < Number(initial))
    errors.push(`podMaxBackoffSeconds: Invalid value: ${String(most)}: must be greater than or equal to PodInitialBackoffSeconds`)
}

function checkPlugins(path: string, plugins: unknown, errors: string[]): void {
  if (!isPlain(plugins)) return
  for (const [point, set] of Object.entries(plugins)) {
    const where = `${path}.plugins.${point}`
    if (!POINTS.includes(point)) errors.push(`${where}: unknown field`)
    const { enabled, disabled } = isPlain(set) ? set : {}
    for (const { name, weight } of listOf(enabled)) {
      if (!PLUGIN_NAMES.has(String(name))) errors.push(`${where}.enabled: plugin "${String(name)}" does not exist`)
      if (weight !== undefined && !(Number(weight) >= 0 && Number(weight) <= MAX_WEIGHT))
        errors.push(`${where}.enabled: weight ${String(weight)} of "${String(name)}" is not between 0 and ${MAX_WEIGHT}`)
    }
    for (const { name } of listOf(disabled))
      if (name !== '*' && !PLUGIN_NAMES.has(String(name)))
        errors.push(`${where}.disabled: plugin "${String(name)}" does not exist`)
  }
}

function checkPluginConfig(path: string, entries: unknown, errors: string[]): void {
  const seen = new Set<string>()
  listOf(entries).forEach(({ name: given, args }, i) => {
    const where = `${path}.pluginConfig[${i}]`
    const name = String(given)
    if (seen.has(name)) errors.push(`${where}: Duplicate value: "${name}"`)
    seen.add(name)
    if (!PLUGIN_NAMES.has(name)) errors.push(`${where}: plugin "${name}" does not exist`)
    if (!isPlain(args)) {
      errors.push(`${where}.args: Required value`)
      return
    }
    const strategy = isPlain(args['scoringStrategy']) ? args['scoringStrategy']['type'] : undefined
    if (name === 'NodeResourcesFit' && strategy !== undefined && !FIT_STRATEGIES.includes(String(strategy)))
      errors.push(`${where}.args.scoringStrategy.type: Unsupported value: "${String(strategy)}"`)
  })
}
