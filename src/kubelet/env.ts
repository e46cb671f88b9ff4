/** A container's environment. Source: k8s 1.36 kubelet makeEnvironmentVariables, envvars.FromServices. */
import type { ConfigMap, Container, EnvVar, Pod, Secret, Service } from '../apimachinery/generated/types.ts'
import { isNotFound, StatusError } from '../apimachinery/errors.ts'
import { StartFailure } from './image-manager.ts'
import { podField, resourceField, type NodeResources } from './pod-fields.ts'

export interface EnvSources {
  readonly podIP: string
  readonly hostIP: string
  readonly node: NodeResources
  /** Throw NotFound when there is none. */
  configMap(name: string): ConfigMap
  secret(name: string): Secret
  /** Services of the pod's namespace, and 'kubernetes' of default. */
  services(): Iterable<Service>
}

type Env = Record<string, string>

/** Base64 to text. SIMPLIFIED: bytes that are no UTF-8 come out as they can. */
export function decodeBase64(text: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
  let bits = 0
  let count = 0
  let percent = ''
  for (const char of text) {
    const value = alphabet.indexOf(char)
    if (value < 0) continue
    bits = (bits << 6) | value
    count += 6
    if (count < 8) continue
    count -= 8
    percent += `%${((bits >> count) & 255).toString(16).padStart(2, '0')}`
  }
  try {
    return decodeURIComponent(percent)
  } catch {
    return percent.replace(/%(..)/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  }
}

/** $(NAME) is replaced where NAME is known, $$ is one dollar. k8s 1.36: third_party/forked/golang/expansion. */
export function expand(text: string, env: { readonly [name: string]: string }): string {
  return text.replace(/\$\$|\$\(([^)]*)\)/g, (whole, name: string | undefined) =>
    name === undefined ? '$' : (env[name] ?? whole),
  )
}

const envName = (name: string) => name.toUpperCase().replaceAll('-', '_')

/** WEB_SERVICE_HOST and its company. */
function serviceEnv(services: Iterable<Service>, pod: Pod): Env {
  const env: Env = {}
  for (const { metadata, spec } of services) {
    const own = metadata.namespace === pod.metadata.namespace && pod.spec?.enableServiceLinks !== false
    const isMaster = metadata.namespace === 'default' && metadata.name === 'kubernetes'
    const ip = spec?.clusterIP
    const port = spec?.ports?.[0]
    if ((!own && !isMaster) || !ip || ip === 'None' || !port) continue
    const prefix = envName(metadata.name ?? '')
    env[`${prefix}_SERVICE_HOST`] = ip
    env[`${prefix}_SERVICE_PORT`] = String(port.port)
    for (const p of spec.ports ?? []) {
      if (p.name) env[`${prefix}_SERVICE_PORT_${envName(p.name)}`] = String(p.port)
      const protocol = p.protocol ?? 'TCP'
      const url = `${protocol.toLowerCase()}://${ip}:${p.port}`
      const base = `${prefix}_PORT_${p.port}_${protocol}`
      if (p === port) env[`${prefix}_PORT`] = url
      env[base] = url
      env[`${base}_PROTO`] = protocol.toLowerCase()
      env[`${base}_PORT`] = String(p.port)
      env[`${base}_ADDR`] = ip
    }
  }
  return env
}

/** Runs a lookup; a missing object that is optional gives undefined. */
function optionally<T>(optional: boolean | undefined, read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (isNotFound(error) && optional) return undefined
    throw error
  }
}

function addFrom(env: Env, container: Container, sources: EnvSources): void {
  for (const { prefix = '', configMapRef, secretRef } of container.envFrom ?? []) {
    if (configMapRef) {
      const map = optionally(configMapRef.optional, () => sources.configMap(configMapRef.name ?? ''))
      for (const [key, text] of Object.entries(map?.data ?? {})) env[prefix + key] = text
    } else if (secretRef) {
      const secret = optionally(secretRef.optional, () => sources.secret(secretRef.name ?? ''))
      for (const [key, text] of Object.entries(secret?.data ?? {})) env[prefix + key] = decodeBase64(text)
    }
  }
}

function fromKey(pod: Pod, from: NonNullable<EnvVar['valueFrom']>, sources: EnvSources): string | undefined {
  const { configMapKeyRef, secretKeyRef } = from
  const namespace = pod.metadata.namespace ?? ''
  if (configMapKeyRef) {
    const { name = '', key, optional } = configMapKeyRef
    const text = optionally(optional, () => sources.configMap(name))?.data?.[key]
    if (text !== undefined || optional) return text
    throw new StartFailure('CreateContainerConfigError', `couldn't find key ${key} in ConfigMap ${namespace}/${name}`)
  }
  if (secretKeyRef) {
    const { name = '', key, optional } = secretKeyRef
    const text = optionally(optional, () => sources.secret(name))?.data?.[key]
    if (text !== undefined) return decodeBase64(text)
    if (optional) return undefined
    throw new StartFailure('CreateContainerConfigError', `couldn't find key ${key} in Secret ${namespace}/${name}`)
  }
  return undefined
}

function valueOf(pod: Pod, container: Container, variable: EnvVar, known: Env, sources: EnvSources): string | undefined {
  if (variable.value) return expand(variable.value, known)
  const from = variable.valueFrom
  if (!from) return ''
  if (from.fieldRef) return podField(pod, from.fieldRef.fieldPath, sources.podIP, sources.hostIP)
  if (from.resourceFieldRef) return resourceField(pod, container, from.resourceFieldRef, sources.node)
  return fromKey(pod, from, sources)
}

/** Throws StartFailure CreateContainerConfigError when something it refers to is not there. */
export function containerEnv(pod: Pod, container: Container, sources: EnvSources): Env {
  const services = serviceEnv(sources.services(), pod)
  const own: Env = {}
  try {
    addFrom(own, container, sources)
    for (const variable of container.env ?? []) {
      const text = valueOf(pod, container, variable, { ...services, ...own }, sources)
      if (text !== undefined) own[variable.name] = text
    }
  } catch (error) {
    if (!(error instanceof StatusError)) throw error
    throw new StartFailure('CreateContainerConfigError', objectMessage(error))
  }
  return { ...services, ...own }
}

/** The kubelet's caches name the kind in the singular: configmap "x" not found. */
export function objectMessage(error: StatusError): string {
  return error.message.replace(/^configmaps /, 'configmap ').replace(/^secrets /, 'secret ')
}
