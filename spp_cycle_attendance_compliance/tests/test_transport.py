import io
import tracemalloc
import zlib

from urllib3.response import HTTPResponse

from odoo.tests import BaseCase

from ..connector.transport import TooBig, read_body

MB = 2**20


class TestTransport(BaseCase):
    def test_a_bomb_is_not_inflated(self):
        """The urllib3 of Odoo's own series counts here: 1.26 inflates a chunk whole."""
        compress = zlib.compressobj(wbits=16 + zlib.MAX_WBITS)
        bomb = b"".join(compress.compress(bytes(MB)) for _part in range(200)) + compress.flush()
        headers = {"Content-Encoding": "gzip"}
        raw = HTTPResponse(io.BytesIO(bomb), headers=headers, preload_content=False)
        tracemalloc.start()
        with self.assertRaises(TooBig):
            read_body(raw, MB)
        _now, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        self.assertLess(peak, 16 * MB)
