import type { Container, Job, Pod, PodTemplateSpec } from '../../apimachinery/generated/types.ts'
import { jobs } from '../../apimachinery/generated/resources.ts'
import { newControllerRef } from '../shared/owners.ts'
import { podFromTemplate } from '../shared/pod-control.ts'
import { judgeFailure } from './pod-failure-policy.ts'
import { COMPLETION_INDEX, hasLimitPerIndex, indexFailureAnnotations, isIndexed, TRACKING_FINALIZER } from './pods.ts'

const INDEX_VARIABLE = 'JOB_COMPLETION_INDEX'
const MAX_GENERATED_NAME = 58

/** The template of a Job's pods, without what differs by index. */
export function jobPodTemplate(job: Job): PodTemplateSpec {
  const template = job.spec?.template ?? {}
  const finalizers = template.metadata?.finalizers ?? []
  const metadata = {
    ...template.metadata,
    finalizers: finalizers.includes(TRACKING_FINALIZER) ? finalizers : [...finalizers, TRACKING_FINALIZER],
  }
  const { spec } = template
  if (!spec || !isIndexed(job)) return { ...template, metadata }
  const { containers, initContainers } = spec
  return {
    ...template,
    metadata,
    spec: {
      ...spec,
      containers: containers.map(withIndexVariable),
      ...(initContainers ? { initContainers: initContainers.map(withIndexVariable) } : {}),
    },
  }
}

function withIndexVariable(container: Container): Container {
  const env = container.env ?? []
  if (env.some(({ name }) => name === INDEX_VARIABLE)) return container
  const fieldRef = { fieldPath: `metadata.labels['${COMPLETION_INDEX}']` }
  return { ...container, env: [...env, { name: INDEX_VARIABLE, valueFrom: { fieldRef } }] }
}

/** The pod to create; `replaced` is the failed pod of that index whose count it takes over. k8s 1.36: job manageJob. */
export function jobPod(job: Job, template: PodTemplateSpec, index?: number, replaced?: Pod): Pod {
  const pod = podFromTemplate(template, job, newControllerRef(job, jobs))
  if (index === undefined) return pod
  const { name = '' } = job.metadata
  const ending = `-${index}-`
  const counts = !replaced || judgeFailure(job.spec?.podFailurePolicy, replaced).counts
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      generateName: name.slice(0, MAX_GENERATED_NAME - ending.length) + ending,
      labels: { ...pod.metadata.labels, [COMPLETION_INDEX]: String(index) },
      annotations: {
        ...pod.metadata.annotations,
        [COMPLETION_INDEX]: String(index),
        ...(hasLimitPerIndex(job) ? indexFailureAnnotations(replaced, counts) : {}),
      },
    },
    spec: { ...pod.spec, containers: pod.spec?.containers ?? [], hostname: `${name}-${index}` },
  }
}
