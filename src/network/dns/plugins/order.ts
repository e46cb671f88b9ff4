/** All directives in the order in which their plugins see a query. Source: CoreDNS 1.14 plugin.cfg. */
export const PLUGIN_ORDER: readonly string[] =
  `root metadata geoip cancel tls quic grpc_server https https3 timeouts multisocket reload nsid bufsize bind debug trace ready health pprof
   prometheus errors log dnstap local dns64 acl any chaos loadbalance tsig cache rewrite header dnssec autopath minimal template
   transfer hosts route53 azure clouddns k8s_external kubernetes file auto secondary etcd loop forward grpc erratic whoami on
   sign view nomad`.split(/\s+/)
