/** A certificate for 127.0.0.1 and localhost that nobody trusts, for servers of tests; valid for a hundred years. */
export const loopbackCertificate = {
  cert: `-----BEGIN CERTIFICATE-----
MIIBmzCCAUGgAwIBAgIULeNI1w777XV0h3j9n91VxrHdMLowCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMjIzMzMzMFoYDzIxMjYxMDI5
MjMzMzMwWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAASpoM4GPmmdGJ44xwmEKJBan1BdSUXkv2tl1vuYNXS0g5mwMnwNL/On
eUc8bOpPm6SJmqWQvWXrFpu+hGNF2OPRo28wbTAdBgNVHQ4EFgQUOPG8oZEkPIlm
Ynj9Mybgs+svmPEwHwYDVR0jBBgwFoAUOPG8oZEkPIlmYnj9Mybgs+svmPEwDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDSAAwRQIgFZ3I4sxeuyBUhsHl4ZgtXGhjeyYqP0TzYuxfImPmfToCIQCx
6IZ3CA5w/zPHvi4fw1H+B8zM6Oi5HCka6jDi0INmwA==
-----END CERTIFICATE-----`,
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg/OZQuDNvlsoAcbEv
Jw7i64+c5Nr6pLeJR+r2UsyqU8+hRANCAASpoM4GPmmdGJ44xwmEKJBan1BdSUXk
v2tl1vuYNXS0g5mwMnwNL/OneUc8bOpPm6SJmqWQvWXrFpu+hGNF2OPR
-----END PRIVATE KEY-----`,
} as const;
