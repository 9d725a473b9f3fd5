"""USE CASE: a class's package comes in, is proven transcript by transcript, and is answered.

`receive` (web process) makes the bytes durable and acknowledges them; `process` (worker) decides,
on what a message creates and on what it withdraws; `validate` tells beforehand and keeps nothing;
`reply` tells the school in the field's own XML, signed by the repository. The states are those of
the field: 00 mới tiếp nhận, 01 đang xử lý, 02 đã hoàn thành xử lý, 03 đã tạo bản tin trả lời,
04 đã đọc bản tin trả lời.

It never answers before the bytes and the row are durable, never changes what it received, never
lets one bad transcript block its class, and never parses XML on the event loop.
"""
