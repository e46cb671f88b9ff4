/**
 * The cluster's CA certificate as pods see it.
 * SIMPLIFIED: nothing in the simulation checks signatures; this is a stand-in of the right form, not a certificate.
 */
export const ROOT_CA = `-----BEGIN CERTIFICATE-----
S3ViYXJpdW0gc2ltdWxhdGVkIGNsdXN0ZXI6IHRoaXMgc3RhbmRzIGZvciB0aGUg
Y2VydGlmaWNhdGUgb2YgdGhlIGNsdXN0ZXIncyBvd24gYXV0aG9yaXR5Lg==
-----END CERTIFICATE-----
`
