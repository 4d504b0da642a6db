/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Keys for tests, made with the openssl program and used nowhere else: each
 * kind that we take, and each way in which a key file can be wrong.
 */
#ifndef HIPLINE_TEST_KEYS_H
#define HIPLINE_TEST_KEYS_H

#define KEY_P256                                                               \
	"-----BEGIN PRIVATE KEY-----\n"                                        \
	"MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgO256RYkX2FkaNvLh\n"   \
	"jxQZda5OMgM3YW0/YDvQEJFjfFyhRANCAASzvbZYETiHS0bT0zkqP9IAI7spP1uE\n"   \
	"bViL91UqxHZygAd3Y5R94lR4WYr3nD4+uQF3/veAT6LndzYnwk38g3fi\n"           \
	"-----END PRIVATE KEY-----\n"

#define KEY_P384                                                               \
	"-----BEGIN PRIVATE KEY-----\n"                                        \
	"MIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgEBBDAx8WpBIikH6+CUpLwX\n"   \
	"uFAyIxn2xiCMJJBGRfveu/cc9g/bY1jQohu9c6FiopxtY5GhZANiAATU4enDoYwg\n"   \
	"0cH0t5L6MVGelbsFGmWAo04CruskWTBrIkVN3TdAfyQwHPB7KBMpqP/wL4+lf/s0\n"   \
	"tQ/pUICn2E/pVDlqoxUOZWt/zqkYPb/ppXwAFXKkn32FwYrvUVHwgP4=\n"           \
	"-----END PRIVATE KEY-----\n"

#define KEY_RSA_2048                                                           \
	"-----BEGIN PRIVATE KEY-----\n"                                        \
	"MIIEvAIBADANBgkqhkiG9w0BAQEFAASCBKYwggSiAgEAAoIBAQCFxqEqkbcyNfIE\n"   \
	"Hr+NYucNC2fIv1c4fDYFwdpq06OM3xNxLWZOAO0gJh6/jE8BdxqD34VwbIy/Zsev\n"   \
	"HpIbeeX0jmr288UyyPw0IwD8Pj6w1UKMiN0DnZZApLM+aPPnDQPDE0hD/xPqEDfj\n"   \
	"5m9H+iqnH5ROW5Q+LgpeR5try2e6pT28134FjosEkYRaSp7jt9VUBaCZvFfQhW4A\n"   \
	"K5ipwOjKG0q1LoQaPdRUJdwMeEezem6h1Xi4PMa3wi8zxNt2B+4b1rVzW47m4wK1\n"   \
	"Nxpa0g+NBnXAh2/eODj67yYIJwBt4iwhOI88g22X2o0iX/FMePZnXKPkxSYEwY6I\n"   \
	"86V5cr1xAgMBAAECggEAC+z4X4vvjoslZB1wBIt7y+60XD6sG93KD+e6lpAyoe0d\n"   \
	"4paiUPN4/PpPZQWxFV30zMTKziO4xTQroP6GSYTFOnDOM4dPxFM+iIQf7/ZS+5it\n"   \
	"y7F3yOOHilCK2iMPe0C7XeyeIjgSVZw67Bb8dkIxaZ/bEyrLo5XSWGblAbSqyDl9\n"   \
	"FjiiFNGfjbyqTMvaM/FQvL57R0hBJPHSyxbLLVDFArNMcGY47lF93DYTNZRMPldD\n"   \
	"bkdGakYQ44ysEVYu2Vbal0Epi3snLpPQBjsASmmiIId+/b2cdlL58ZMAyNnqoOJc\n"   \
	"fYgJ7zfxIqRgGX4soN36fPh8/f+ebH0qmMUNT6wFMQKBgQC8zmZZNCCabQd8vnJ0\n"   \
	"LTbbpY6nwEovq+xAX6EqhqyiW57br2JYgi1JAU62WgU+YH5DiVaNZZXOhyThghLk\n"   \
	"ChixVJT09uUuJeybCk9DETpbq6obdVo5mrCHnn1SQtsdYVa9gBXI1klyukwMR5W8\n"   \
	"4/c/f0OGstPHHSUs3Q2NXiw0JwKBgQC1YpImyaAV/NX9hO4MpT5FzIFY2vlFiS2/\n"   \
	"ukVhKYgP4CcmVW3RBo3a0l66D6UMgO1wJ6AwsngRmnrBxn0hwLnRa6LjBXVQlo5b\n"   \
	"B1nU4Hx6HyACtZwGzaryC/00PvS67fgcFO5tdu9nhmqF2wpvnxylkNu364cIfd7i\n"   \
	"Vx5MwtiIpwKBgH5YYIUxLOAqNeh0SYMU/rDdiSkYtIxSMDajx+X9WWkMhrHcG6O+\n"   \
	"+S7xgQrmErw7NkNblF/qquUZ6sQ9lwai+wMv5r5Gufa3yi22KHRpAvR1W9AkJ8yE\n"   \
	"h705ggOaWaa/jJwjKnDLdTshD+LnxHwy0THcqANrh+ymxEnRY1BGxK3hAoGAQRy/\n"   \
	"ZlketIXss3NSmQuAjUHadPE2ZnXWDGtrmHN2Omy24RXttAlsRs8Z3iTblN97XLV8\n"   \
	"1b5bR8ZyprkAFmu+yKSg9mnxMRq6w4aiAr8LMDOYJCDZf7+4y+bt4CFxbOEcHciN\n"   \
	"xpHZYwpnluGIn4U4nV6g4ScVdEDrD8lCQT/4xyUCgYBJ2X61ogubMXLBpR03brpl\n"   \
	"CT25w4s7mIpnzkKRvrvBHKe4DaQRtbrZACtTjAaMfgvGpJNiiJ0vP//VwoQ7OnAl\n"   \
	"xGfbKdpUfr1HZTkKRTpNz7RuWLtdLfePm6h2rLgl6By+lPUEohPaor5PFPqwkGWY\n"   \
	"MD4lhKQej1lA4qhGSyYlqQ==\n"                                           \
	"-----END PRIVATE KEY-----\n"

#define KEY_RFC8032                                                            \
	"-----BEGIN PRIVATE KEY-----\n"                                        \
	"MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"   \
	"-----END PRIVATE KEY-----\n"

#define KEY_P256_COMPRESSED                                                    \
	"-----BEGIN PRIVATE KEY-----\n"                                        \
	"MGcCAQAwEwYHKoZIzj0CAQYIKoZIzj0DAQcETTBLAgEBBCA7bnpFiRfYWRo28uGP\n"   \
	"FBl1rk4yAzdhbT9gO9AQkWN8XKEkAyIAArO9tlgROIdLRtPTOSo/0gAjuyk/W4Rt\n"   \
	"WIv3VSrEdnKA\n"                                                       \
	"-----END PRIVATE KEY-----\n"

#define KEY_P256_PRIVATE_HALF                                                  \
	"-----BEGIN PRIVATE KEY-----\n"                                        \
	"MEECAQAwEwYHKoZIzj0CAQYIKoZIzj0DAQcEJzAlAgEBBCA7bnpFiRfYWRo28uGP\n"   \
	"FBl1rk4yAzdhbT9gO9AQkWN8XA==\n"                                       \
	"-----END PRIVATE KEY-----\n"

#define KEY_P256_OTHER_PUBLIC                                                  \
	"-----BEGIN PRIVATE KEY-----\n"                                        \
	"MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgO256RYkX2FkaNvLh\n"   \
	"jxQZda5OMgM3YW0/YDvQEJFjfFyhRANCAAQAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"   \
	"AAAAAAAAAAAABUWSQ7mqWBgG/pE7zpmBet4RylA8ZNmjxTNBXAgySPvM\n"           \
	"-----END PRIVATE KEY-----\n"

#define KEY_P256_OFF_CURVE                                                     \
	"-----BEGIN PRIVATE KEY-----\n"                                        \
	"MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgO256RYkX2FkaNvLh\n"   \
	"jxQZda5OMgM3YW0/YDvQEJFjfFyhRANCAASzvbZYETiHS0bT0zkqP9IAI7spP1uE\n"   \
	"bViL91UqxHZygAd3Y5R94lR4WYr3nD4+uQF3/veAT6LndzYnwk38g3fj\n"           \
	"-----END PRIVATE KEY-----\n"

#define KEY_P256_TRAILING                                                      \
	"-----BEGIN PRIVATE KEY-----\n"                                        \
	"MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgO256RYkX2FkaNvLh\n"   \
	"jxQZda5OMgM3YW0/YDvQEJFjfFyhRANCAASzvbZYETiHS0bT0zkqP9IAI7spP1uE\n"   \
	"bViL91UqxHZygAd3Y5R94lR4WYr3nD4+uQF3/veAT6LndzYnwk38g3fiAA==\n"       \
	"-----END PRIVATE KEY-----\n"

#define KEY_P256_SEC1                                                          \
	"-----BEGIN EC PRIVATE KEY-----\n"                                     \
	"MHcCAQEEIDtuekWJF9hZGjby4Y8UGXWuTjIDN2FtP2A70BCRY3xcoAoGCCqGSM49\n"   \
	"AwEHoUQDQgAEs722WBE4h0tG09M5Kj/SACO7KT9bhG1Yi/dVKsR2coAHd2OUfeJU\n"   \
	"eFmK95w+PrkBd/73gE+i53c2J8JN/IN34g==\n"                               \
	"-----END EC PRIVATE KEY-----\n"

#define KEY_P256_ENCRYPTED                                                     \
	"-----BEGIN ENCRYPTED PRIVATE KEY-----\n"                              \
	"MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAgd4H8WEVPtiQICCAAw\n"   \
	"DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEFRz1lal1UQVDTcshHFghIkEgZBD\n"   \
	"uhKp5E0VUG6sZK/FpH7HBP1TkMdo8kxFwgx6q+kfNn5LmjwCr0mOUuRn+aCrRXzo\n"   \
	"GJApyabNYWpuz9ebS7Q8OCvzsOwfbbNnNJmdJ3fH29SbMbFpXn+W8kzXhSYV91+I\n"   \
	"/s28CKUeQW1lDJ/rIPJjYVi4swVzf79UcVDSlKTZTRzL4nJYemhulFvT+BOR+B8=\n"   \
	"-----END ENCRYPTED PRIVATE KEY-----\n"

#define KEY_P256_PUBLIC                                                        \
	"-----BEGIN PUBLIC KEY-----\n"                                         \
	"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEs722WBE4h0tG09M5Kj/SACO7KT9b\n"   \
	"hG1Yi/dVKsR2coAHd2OUfeJUeFmK95w+PrkBd/73gE+i53c2J8JN/IN34g==\n"       \
	"-----END PUBLIC KEY-----\n"

#define KEY_P521                                                               \
	"-----BEGIN PRIVATE KEY-----\n"                                        \
	"MIHuAgEAMBAGByqGSM49AgEGBSuBBAAjBIHWMIHTAgEBBEIAJFbX3crZKW5BxjjY\n"   \
	"gO3HJpqZBNRv1KuZc8N3CfBf2kqW0kpN2CDsdUj3IoP/pkiTbtlFRWKOc78UTE19\n"   \
	"uV1eH5KhgYkDgYYABAGLuqK4DWE2XS+iZi3Gn0CPXLX6i75RUXa9NwRZkVkCPFRJ\n"   \
	"T8qBvM7SPahMJBxZCfsYsmhmm8MUDHa41Lst+acmKgAUGHGTntPrX3rAGiK4s5+S\n"   \
	"45i21SXUE3wdZh8RTpFYOrRxivZJkCM8WRgXcCmcXTHJNTCp+F0SRPDIx4VzfaNL\n"   \
	"dg==\n"                                                               \
	"-----END PRIVATE KEY-----\n"

#define KEY_RSA_1024                                                           \
	"-----BEGIN PRIVATE KEY-----\n"                                        \
	"MIICdQIBADANBgkqhkiG9w0BAQEFAASCAl8wggJbAgEAAoGBAKiIXUzUozH1oDDR\n"   \
	"lj55BN3KcdStnT/ybZPN34Gp23gOroJV8Uamy8tIhwD1eA0ZA04QUTaiBztezOLQ\n"   \
	"REnKk0DIASUgk4Zg83MidUeqd9kf67CqGbe2Z2ziz3b9B2d0qsnZT/PWzC+YyWOc\n"   \
	"Csup0RLmeAsPkji+sZuTmn0IPxfFAgMBAAECgYAcL9py7ClzRKKLJ7KaNkFjGuXY\n"   \
	"7UScml5LVyZnmFIVjVcQg3E8IM9662Fw/p0ai7Fqz/3VRloxStS3pp+VO+VOrelO\n"   \
	"5w6QPP/LnzBr0CWBq0OYXIaJhO92PtxumTaXwnvJXlFiNFlQzyqPQRoSu4dWv/9a\n"   \
	"o3D4yhjkUeyxKQ6YgQJBANFIIjQDvHwBxVAitAT/Uea+PCK+JYcMbR3w534EBpL/\n"   \
	"E/Nl4lLYDchKc3JxCI1pZ80fumHtZuRBP9c7ISepVCUCQQDOJ4i+JLJWuz7/+0wM\n"   \
	"ZCSlHuPcm5Zmu1wb+D2qqQQ6dKo9wqHP6sNIiOC1hBeS6MVvqiNZmKtilfN1KUP3\n"   \
	"kpMhAkAj6y1zn/CJmAQ1bL9Y3DlCUQQhMmFefFN+AAq7JhW6xOy3qZTegxZaeey2\n"   \
	"h4/gNWcLXZavl/9AzbIXTp6yH+3BAkB4P2Eon9kSdAfsYlVaiPNDCUCaBnr1E2ZH\n"   \
	"vkWiDRI1UqWWfrfJwkMERSrlVdY2T+YSGyihc0bMq3Clr1tAxlNhAkBL489aVAJ2\n"   \
	"3xQ5/T5L89FQYoUeKz4Bjlil2vDMCHQ1N2EKKyCDIZn6/LQ2A6WGib5pqbXekteJ\n"   \
	"UCr/FVL++Rum\n"                                                       \
	"-----END PRIVATE KEY-----\n"

#define KEY_RSA_PSS                                                            \
	"-----BEGIN PRIVATE KEY-----\n"                                        \
	"MIIEugIBADALBgkqhkiG9w0BAQoEggSmMIIEogIBAAKCAQEAliBXj6Mw78wX44uM\n"   \
	"bhnGEmbZ0T1CcfMKIK2QxXzvYddH8L9WNxPYEYHse8PClAzng6UCrebB7ziq+ylP\n"   \
	"X+WbTO4X4J/I/i4qb78y/q3nBZ2tbtbClXvA7dq6SFzTuihGA/nMUfWBMhUF2/kb\n"   \
	"1/QuzPnfB+Fxt7ANJnKJJfeDABFAGbMOxFEML2r2/EedgKgm+FPOOLPhR2klxTqH\n"   \
	"lGb8IC/MYl2c5zLYvRezo7A7q0OkUqkWTRuL06cY3pp600/HHkD+EMDdcY7MXIMJ\n"   \
	"VqcfK+sUT/pW9lAYoPXFKBzvX8xPJAGF+4gyEVdTLvUrPMYBrwBSMqkPQMkxG809\n"   \
	"7r6yXQIDAQABAoIBACmYQGptvqtSEvRav8fpoDWNBaCxpm1H93BiZpAxM2oaabZM\n"   \
	"bSjJeL4xD0KjVJAMm0CgQYPJQcZ0HvuD0JgzV7oS5c64tsmmJN/dS9XAfRfTPjBN\n"   \
	"lJAyP5wnVCGkho03h16moXO739XueTcfaBWHdEgamy7lycopHxud9F3um/8yW7ni\n"   \
	"p8I5EgEL15CsW+Ut61V7+7+2PgKoVve4Td7Rnz4am4rI8k6Ig4K0yrXIZ9XqVeIw\n"   \
	"5BSrMf8oZM0QyOkUSPRcBppBd8MQ/bGXaZAmPLxhqmBvcM+QIAVo/zqYJHOVgoIJ\n"   \
	"ctnHk0luW4lfm2NKEBxZLFvMZjOQWBzGDBPOyQkCgYEAxmwgtcdOcLCmjCNohFu+\n"   \
	"0ChBA0TcE17Cn+OH1eVCCIKaNR35uHu+HosKZLgMNA5E4dn8P0XnFgXB7GDfvDL6\n"   \
	"HMnOrg62pfnGfw+A9RW8fvwcRoMGQcV/AgKB0crn8yrzP7OjXbt6hbwbkU4NSt3p\n"   \
	"+ieZMnKDMSuhlwptp3nOLRcCgYEAwbCG55iW1eOvrxrMB3FpklEVgrAka1kJ3bbZ\n"   \
	"VGSSEqoMq+p2mYIAf7nfU8paRZ0iO/buHK5IMEs5n8vI0LPUfqTLQqN+nQaW3KyN\n"   \
	"TKAcuB4CiNuP4akl6R2bVS9eHBndLP7naEvcpuByXHU71hDnF1A7RI/kbCOrHe3f\n"   \
	"BqBSjKsCgYBYg1WYIV+Bb5vr+cOe/5pAGyTdQ3N1BJmHX6VxqkJpr3EA7u09+Z1W\n"   \
	"3Kl3Qo7XDeJ2aZpX02QBc/IM8y37MzZVb0TOamvZ4HFGrvDU46xhbS9j2QEKiAJf\n"   \
	"MCUfJAeSdv9p1EW1A3PlgoM9r3bIhfPhDpcNZP3XCmKcER/XTMPHYwKBgEOaM1u+\n"   \
	"HFdHAtihB7lJUkmpV1Kn2+5Dw3fJDA2ylHFDPOz8Bq0JfNcXruT16ZAGih5Xzz/f\n"   \
	"bH6+orwtSkfdnDsflXoKynRQCnO3HhIyiBOTFdtiltNyUDMPDFotEDHKrTG5Plde\n"   \
	"swLjr8apfFr4x0+Rxz3k4xsDUARAM+mCJ43FAoGAReC82RTYcLqNQ34YM5zGeQTY\n"   \
	"JYDRt4+oiycDM+AKUW8sZ+KMPDCT5bMTc7aHAXLTKXGbHYFhTSALmBptPLBk57qD\n"   \
	"j0CTR5gEpltqoWwP3WfbA1YXrFuc2I3SeAbqN1UtCc7MBSCwtkiE5Woe3tfdtWvP\n"   \
	"nJhjSNe+yL+R0a/9Tc8=\n"                                               \
	"-----END PRIVATE KEY-----\n"

#define KEY_X25519                                                             \
	"-----BEGIN PRIVATE KEY-----\n"                                        \
	"MC4CAQAwBQYDK2VuBCIEIIBcTsOfdr/ty62nc3FQ2+UOQDhWJKKZbYbx05k7r1hC\n"   \
	"-----END PRIVATE KEY-----\n"

#endif
