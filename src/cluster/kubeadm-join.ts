import { isAlreadyExists, StatusError } from '../apimachinery/errors.ts'
import { certificatesigningrequests, configmaps } from '../apimachinery/generated/resources.ts'
import { encodeBase64 } from '../apiserver/kinds/shared/base64.ts'
import { detachedSignature } from '../controllers/bootstrap/signer.ts'
import { sleep, type Task } from '../sim/task.ts'
import type { Cluster } from './cluster.ts'

/** k8s 1.36: kubeadm TLSBootstrapRetryInterval, TLSBootstrapTimeout; discovery polls every five seconds, for five minutes. */
const RETRY_MS = 1000
const TIMEOUT_MS = 5 * 60_000
const DISCOVERY_RETRY_MS = 5000

export interface JoinRequest {
  readonly name: string
  /** 'abcdef.0123456789abcdef'. */
  readonly token: string
  readonly zone?: string
}

/**
 * `kubeadm join` on a fresh machine: finds out about the cluster, proves itself with a token, gets a certificate, and
 * starts the kubelet. Gives the command's last words; '' before them is success. Source: k8s 1.36 kubeadm join phases.
 */
export function* kubeadmJoin(cluster: Cluster, { name, token, zone }: JoinRequest): Task<{ ok: boolean; message: string }> {
  const [id = '', secret = ''] = token.split('.')
  const fail = (message: string) => ({ ok: false, message })
  if (!/^[a-z0-9]{6}\.[a-z0-9]{16}$/.test(token))
    return fail(`the bootstrap token "${token}" was not of the form "\\A([a-z0-9]{6})\\.([a-z0-9]{16})\\z"`)
  if (!(yield* discover(cluster, id, secret)))
    return fail(
      `error execution phase preflight: couldn't validate the identity of the API Server: could not find a JWS signature in the cluster-info ConfigMap for token ID "${id}"`,
    )
  const known = cluster.api.authenticator.token(token)
  if (!known) return fail("error execution phase kubelet-start: couldn't get a certificate: Unauthorized")
  const problem = yield* certify(cluster, name, cluster.client(known.user, 'kubelet'))
  if (problem !== '') return fail(`error execution phase kubelet-start: ${problem}`)
  return cluster.addNodes({ name, ...(zone === undefined ? {} : { zone }) })
}

/** Reads the signed cluster-info as nobody in particular, and checks the signature. k8s 1.36: kubeadm discovery/token. */
function* discover(cluster: Cluster, id: string, secret: string): Task<boolean> {
  const client = cluster.client({ name: 'system:anonymous', groups: ['system:unauthenticated'] }, 'kubeadm')
  for (const endMs = cluster.sim.now + TIMEOUT_MS; ;) {
    try {
      const { data = {} } = yield* client.get(configmaps, 'kube-public', 'cluster-info')
      const signature = data[`jws-kubeconfig-${id}`]
      if (signature !== undefined) return signature === detachedSignature(data['kubeconfig'] ?? '', id, secret)
    } catch (error) {
      if (!(error instanceof StatusError)) throw error
    }
    if (cluster.sim.now + DISCOVERY_RETRY_MS > endMs) return false
    yield* sleep(DISCOVERY_RETRY_MS)
  }
}

/** Asks for the kubelet's client certificate and waits for it. Gives what went wrong, or ''. k8s 1.36: kubelet bootstrap. */
function* certify(cluster: Cluster, nodeName: string, client: ReturnType<Cluster['client']>): Task<string> {
  const name = `csr-${nodeName}-${cluster.sim.random('kubeadm/csr').int(0x7fffffff).toString(36)}`
  // Nobody in the simulation checks what is inside beyond the names.
  const body = encodeBase64(`0 O=system:nodes, CN=system:node:${nodeName}`)
  const request = encodeBase64(`-----BEGIN CERTIFICATE REQUEST-----\n${body}\n-----END CERTIFICATE REQUEST-----\n`)
  try {
    yield* client.create(certificatesigningrequests, {
      apiVersion: 'certificates.k8s.io/v1',
      kind: 'CertificateSigningRequest',
      metadata: { name },
      spec: {
        request,
        signerName: 'kubernetes.io/kube-apiserver-client-kubelet',
        usages: ['digital signature', 'client auth'],
      },
    })
  } catch (error) {
    if (!(error instanceof StatusError)) throw error
    if (!isAlreadyExists(error)) return `cannot create certificate signing request: ${error.message}`
  }
  for (let waitedMs = 0; waitedMs < TIMEOUT_MS; waitedMs += RETRY_MS) {
    yield* sleep(RETRY_MS)
    try {
      const { status } = yield* client.get(certificatesigningrequests, '', name)
      if (status?.certificate) return ''
      if (status?.conditions?.some(({ type }) => type === 'Denied')) return `certificate signing request ${name} was denied`
    } catch (error) {
      if (!(error instanceof StatusError)) throw error
    }
  }
  return `timed out waiting for the certificate of ${name}: is certificatesigningrequest-approving-controller running?`
}
