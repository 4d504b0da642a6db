#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
"""Known answers for tests/unit/test_esp.c: ESP packets in BEET mode composed
here from RFC 4303, 4106, 3602, 4868 and 7402 without the code under test.
Needs python3-cryptography. Prints the initialisers of the C table."""
import hashlib
import hmac
import struct
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

PEER = bytes.fromhex("20010022" + "a1" * 12)
LOCAL = bytes.fromhex("20010022" + "b2" * 12)
BLOCK = {13: 4, 9: 16, 8: 16}
KEY_LEN = {13: 20, 9: 64, 8: 48}


def inner_packet(tclass, next_header, payload):
    return struct.pack(">IHBB", 6 << 28 | tclass << 20, len(payload),
                       next_header, 64) + PEER + LOCAL + payload


def ecb(key, block):
    e = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
    return e.update(block) + e.finalize()


def seal(suite, key, spi, seq, inner, iv=None):
    body = inner[40:]
    pad = -(len(body) + 2) % BLOCK[suite]
    body += bytes(range(1, pad + 1)) + bytes([pad, inner[6]])
    head = struct.pack(">II", spi, seq & 0xffffffff)
    if suite == 13:
        iv = iv or struct.pack(">Q", seq)
        return head + iv + AESGCM(key[:16]).encrypt(
            key[16:] + iv, body, struct.pack(">IQ", spi, seq))
    enc, auth = key[:-32], key[-32:]
    iv = iv or ecb(enc, struct.pack(">QQ", 0, seq))
    e = Cipher(algorithms.AES(enc), modes.CBC(iv)).encryptor()
    packet = head + iv + e.update(body) + e.finalize()
    high = struct.pack(">I", seq >> 32)
    return packet + hmac.new(auth, packet + high, hashlib.sha256).digest()[:16]


def text(data):
    h = data.hex()
    lines = [h[i:i + 64] for i in range(0, len(h), 64)] or [""]
    return "\n\t  ".join('"%s"' % line for line in lines)


def show(suite, spi, seq, inner, iv=None):
    key = bytes((i * 13 + suite) & 255 for i in range(KEY_LEN[suite]))
    packet = seal(suite, key, spi, seq, inner, iv)
    print("\t{ %d, %#x, %#x, %s,\n\t  %s,\n\t  %s,\n\t  %s },"
          % (suite, spi, seq, "true" if iv else "false", text(key),
             text(inner), text(packet)))


for n in BLOCK:
    show(n, 0x1000, 1, inner_packet(0, 17, bytes.fromhex(
        "13c413c4000c00000badcafe")))
    show(n, 0xfedcba98, 0x1_0000_0002, inner_packet(0xb8, 6, b"hipline" * 9))
    show(n, 0x7fffffff, 0xffff_ffff_0000_0001, inner_packet(1, 58, b""))
    show(n, 0x100, 0xffffffff, inner_packet(0, 44, bytes(range(70))),
         iv=bytes(range(0xd0, 0xe0 if n != 13 else 0xd8)))
