import { certificatesigningrequests, subjectaccessreviews } from '../../apimachinery/generated/resources.ts'
import type { CertificateSigningRequest } from '../../apimachinery/generated/types.ts'
import { decodeBase64 } from '../../apiserver/kinds/shared/base64.ts'
import { ControllerLoop, Requeue } from '../../client/controller.ts'
import { formatTime } from '../../sim/time.ts'
import type { Controller, ControllerContext } from '../context.ts'
import { controllerFrom } from '../shared/controller.ts'
import { hasCondition } from './signing.ts'

const KUBELET_CLIENT = 'kubernetes.io/kube-apiserver-client-kubelet'
const USAGES = new Set(['client auth', 'digital signature', 'key encipherment'])

/**
 * The common name of a kubelet's client certificate that a request asks for, or ''.
 * SIMPLIFIED: names are looked for in the request's bytes, not parsed.
 */
export function kubeletNameOf({ spec }: CertificateSigningRequest): string {
  const { usages = [], signerName, request } = spec
  if (signerName !== KUBELET_CLIENT || !usages.includes('client auth') || usages.some((usage) => !USAGES.has(usage))) return ''
  const body = decodeBase64(request)
    .replace(/-----[A-Z ]+-----/g, '')
    .replace(/\s/g, '')
  const bytes = decodeBase64(body)
  return bytes.includes('system:nodes') ? (/system:node:[a-z0-9.-]+/.exec(bytes)?.[0] ?? '') : ''
}

/** Approves the requests of kubelets for client certificates of their own. k8s 1.36: pkg/controller/certificates/approver. */
export function certificateApprovingController(context: ControllerContext): Controller {
  const client = context.client('certificate-controller')
  const informer = context.informers.for(certificatesigningrequests)
  const loop: ControllerLoop = new ControllerLoop(context.sim, {
    name: 'csrapproving',
    workers: 5,
    *reconcile(name) {
      const csr = informer.get('', name)
      if (!csr || csr.status?.certificate || hasCondition(csr, 'Approved') || hasCondition(csr, 'Denied')) return
      const wanted = kubeletNameOf(csr)
      if (wanted === '') return
      const tried = wanted === csr.spec.username ? ['selfnodeclient', 'nodeclient'] : ['nodeclient']
      for (const subresource of tried) {
        const { username: user, uid, groups, extra } = csr.spec
        const resourceAttributes = {
          group: 'certificates.k8s.io',
          resource: 'certificatesigningrequests',
          subresource,
          verb: 'create',
          version: '*',
        }
        const spec = { user, uid, groups, ...(extra ? { extra } : {}), resourceAttributes }
        const kind = { apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview' }
        const { status } = yield* client.create(subjectaccessreviews, { ...kind, metadata: {}, spec })
        if (!status?.allowed) continue
        const which = subresource === 'selfnodeclient' ? 'self kubelet' : 'kubelet'
        const condition = {
          type: 'Approved',
          status: 'True',
          reason: 'AutoApproved',
          message: `Auto approving ${which} client certificate after SubjectAccessReview.`,
          lastUpdateTime: formatTime(context.sim.now),
        }
        const conditions = [...(csr.status?.conditions ?? []), condition]
        yield* client.update(
          certificatesigningrequests,
          { ...csr, status: { ...csr.status, conditions } },
          { subresource: 'approval' },
        )
        return
      }
      throw new Requeue(`recognized csr "${name}" as [${tried.join(' ')}] but subject access review was not approved`)
    },
  })
  const consider = (csr: CertificateSigningRequest) => {
    if (kubeletNameOf(csr) !== '') loop.queue.add(csr.metadata.name ?? '')
  }
  informer.addHandler({ onAdd: consider, onUpdate: consider })
  return controllerFrom('certificatesigningrequest-approving-controller', [loop])
}
