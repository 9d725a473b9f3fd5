"""What the synthetic teachers write about their students."""

from app.transcripts.content import Rating

REMARKS = {
    Rating.GOOD: (
        "Nắm chắc kiến thức, trình bày cẩn thận.",
        "Chủ động, sáng tạo trong học tập.",
        "Tiếp thu nhanh, vận dụng tốt vào thực tế.",
    ),
    Rating.FAIR: (
        "Hiểu bài, cần luyện tập thêm dạng bài nâng cao.",
        "Có cố gắng, hoàn thành tốt nhiệm vụ được giao.",
        "Tích cực phát biểu, cần cẩn thận hơn khi trình bày.",
    ),
    Rating.PASSED: (
        "Đạt yêu cầu của môn học, cần chăm chỉ hơn.",
        "Cần ôn tập thường xuyên để nắm chắc kiến thức.",
        "Tham gia đầy đủ các hoạt động của môn học.",
    ),
}
"""Of a subject in secondary school, by the rating of the year."""

SUMMARIES = {
    Rating.GOOD: "Chăm ngoan, hòa đồng, học tập tốt và giúp đỡ bạn bè.",
    Rating.FAIR: "Ngoan, có ý thức học tập, cần phát huy hơn nữa.",
    Rating.PASSED: "Ngoan, cần cố gắng nhiều hơn trong học tập.",
}
"""Of the year in secondary school, by its rating."""

PRIMARY_REMARKS = (
    "Em tiếp thu bài tốt, chăm phát biểu.",
    "Em hiểu bài, chữ viết sạch đẹp.",
    "Em có nhiều cố gắng trong giờ học.",
)
"""Of a subject in primary school."""

QUALITIES_REMARK = "Em biết yêu thương, giúp đỡ bạn bè và thật thà."
GENERAL_REMARK = "Em tự giác học tập, biết hợp tác với các bạn."
SPECIFIC_REMARK = "Em diễn đạt rõ ràng, tính toán đúng."
OVERALL_REMARK = "Em ngoan, hoàn thành các nhiệm vụ học tập."
