/**
 * Descriptions of columns that differ from those of the fields in the published API: the printers take them from old
 * versions, and with their line breaks. Source: k8s 1.36 recorded tables.
 */
export const SIGNER_NAME =
  'Requested signer for the request. It is a qualified name in the form: `scope-hostname.io/name`. If ' +
  "empty, it will be defaulted:\n 1. If it's a kubelet client certificate, it is assigned\n    " +
  '"kubernetes.io/kube-apiserver-client-kubelet".\n 2. If it\'s a kubelet serving certificate, it is ' +
  'assigned\n    "kubernetes.io/kubelet-serving".\n 3. Otherwise, it is assigned ' +
  '"kubernetes.io/legacy-unknown".\nDistribution of trust for signers happens out of band. You can select ' +
  'on this field using `spec.signerName`.'

export const REQUESTED_DURATION =
  'expirationSeconds is the requested duration of validity of the issued certificate. The certificate ' +
  'signer may issue a certificate with a different validity duration so a client must check the delta ' +
  'between the notBefore and and notAfter fields in the issued certificate to determine the actual ' +
  'duration.\n\nThe v1.22+ in-tree implementations of the well-known Kubernetes signers will honor this ' +
  'field as long as the requested duration is not greater than the maximum duration they will honor per ' +
  'the --cluster-signing-duration CLI flag to the Kubernetes controller manager.\n\nCertificate signers ' +
  'may not honor this field for various reasons:\n\n  1. Old signer that is unaware of the field (such as ' +
  'the in-tree\n     implementations prior to v1.22)\n  2. Signer whose configured maximum is shorter than ' +
  'the requested duration\n  3. Signer whose configured minimum is longer than the requested ' +
  'duration\n\nThe minimum valid value for expirationSeconds is 600, i.e. 10 minutes.'

export const POD_INFO =
  'podInfoOnMount indicates this CSI volume driver requires additional pod information (like podName, ' +
  'podUID, etc.) during mount operations, if set to true. If set to false, pod information will not be ' +
  'passed on mount. Default is false.\n\nThe CSI driver specifies podInfoOnMount as part of driver ' +
  'deployment. If true, Kubelet will pass pod information as VolumeContext in the CSI ' +
  'NodePublishVolume() calls. The CSI driver is responsible for parsing and validating the information ' +
  'passed in as VolumeContext.\n\nThe following VolumeContext will be passed if podInfoOnMount is set to ' +
  'true. This list might grow, but the prefix will be used. "csi.storage.k8s.io/pod.name": pod.Name ' +
  '"csi.storage.k8s.io/pod.namespace": pod.Namespace "csi.storage.k8s.io/pod.uid": string(pod.UID) ' +
  '"csi.storage.k8s.io/ephemeral": "true" if the volume is an ephemeral inline volume\n                                ' +
  'defined by a CSIVolumeSource, otherwise "false"\n\n"csi.storage.k8s.io/ephemeral" is a new feature in ' +
  'Kubernetes 1.16. It is only required for drivers which support both the "Persistent" and "Ephemeral" ' +
  'VolumeLifecycleMode. Other drivers can leave pod info disabled and/or ignore this field. As ' +
  "Kubernetes 1.15 doesn't support this field, drivers can only support one mode when deployed on such a " +
  'cluster and the deployment determines which mode that is, for example via a command line parameter of ' +
  'the driver.\n\nThis field was immutable in Kubernetes < 1.29 and now is mutable.'

export const TOKEN_REQUESTS =
  "tokenRequests indicates the CSI driver needs pods' service account tokens it is mounting volume for " +
  'to do necessary authentication. Kubelet will pass the tokens in VolumeContext in the CSI ' +
  'NodePublishVolume calls. The CSI driver should parse and validate the following VolumeContext: ' +
  '"csi.storage.k8s.io/serviceAccount.tokens": {\n  "<audience>": {\n    "token": <token>,\n    ' +
  '"expirationTimestamp": <expiration timestamp in RFC3339>,\n  },\n  ...\n}\n\nNote: Audience in each ' +
  'TokenRequest should be different and at most one token is empty string. To receive a new token after ' +
  'expiry, RequiresRepublish can be used to trigger NodePublishVolume periodically.'
